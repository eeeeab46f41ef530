/** Words of names that are no thing themselves, but say something of one. */
const ATTRIBUTES = new Set(
  'take back unsafe history overview statistics stats available current per status state type types count counts number numbers detail details info information summary content contents metadata hour hours opening time times price prices rating ratings address addresses name names id ids list lists multiple all most recent latest last next unread received sent scheduled upcoming draft day daily week weekly month year today full single raw own my item items result results data record records option options by batch bulk new old direct participants filename email_address'.split(
    ' ',
  ),
);
const BREAKS = new Set('by in of for to from on at with within between into onto as via using about'.split(' '));
const FILLERS = new Set('the a an and or'.split(' '));

/** Things that are kept in one place, by each of the words for them. */
const SAME: Readonly<Record<string, string>> = Object.fromEntries(
  (
    [
      ['message', 'message messages dm dms conversation conversations thread threads chat chats reply replies'],
      ['email', 'email emails mail mails mailbox gmail'],
      ['file', 'file files document documents doc docs attachment'],
      ['event', 'event events meeting meetings appointment appointments'],
      ['webpage', 'webpage webpages'],
      ['contact', 'contact contacts'],
    ] as const
  ).flatMap(([thing, words]) => words.split(' ').map((word) => [word, thing])),
);
const INBOX = /^inbox(?:es)?$/;

/**
 * Returns the thing that a tool is about: `order` of `list_all_orders`, `contact` of `search_contacts_by_email`. Undefined if its name
 * has none.
 *
 * @param about the words of its name around the verb
 * @param others the words in the names of all tools of the server: an inbox is of mails, where there are mails
 */
export function thingOf(about: readonly string[], others: ReadonlySet<string>): string | undefined {
  const start = about.findIndex((word) => !BREAKS.has(word) && !FILLERS.has(word));
  if (start === -1) return undefined;
  const rest = about.slice(start);
  const end = rest.findIndex((word) => BREAKS.has(word));
  const phrases = end === -1 ? [rest] : [rest.slice(0, end), rest.slice(end + 1)];
  for (const phrase of phrases) {
    const things = phrase.filter(
      (word) => !ATTRIBUTES.has(word) && !FILLERS.has(word) && !BREAKS.has(word) && !/^\d+$/.test(word),
    );
    const word = things.at(-1);
    if (word === undefined) continue;
    if (INBOX.test(word)) return hasMails(others) ? 'email' : 'message';
    return SAME[word] ?? singular(word);
  }
  return undefined;
}

function hasMails(words: ReadonlySet<string>): boolean {
  return [...words].some((word) => SAME[word] === 'email');
}

function singular(word: string): string {
  return word
    .replace(/ies$/, 'y')
    .replace(/(x|ch|sh|ss)es$/, '$1')
    .replace(/([^su])s$/, '$1');
}
