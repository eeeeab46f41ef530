/** The longest text, in UTF-16 units. A longer one is no command, but a file. */
export const LONGEST = 65_536;
/** The most nodes of the syntax tree, over all nested scripts. */
export const MOST_NODES = 2_000;
/** The deepest nesting of the syntax tree. */
export const DEEPEST = 120;
/** The deepest nesting of scripts in arguments: `sh -c "sh -c …"`, and of wrappers around one program. */
export const DEEPEST_SCRIPTS = 4;
export const MOST_WRAPPERS = 8;
/** The most here documents, for which the parser needs quadratic time. */
export const MOST_DOCUMENTS = 64;
/** The most words that one word with braces becomes. */
export const MOST_BRACES = 64;
/** The most directories in which a command can run before its paths count as unresolved. */
export const MOST_DIRECTORIES = 4;
/** The most facts of one kind; a text with more is not understood. */
export const MOST_FACTS = 512;
