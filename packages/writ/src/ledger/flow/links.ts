import { shapesOf } from './value-kinds.js';

/** Every repetition has a bound: the writer of the text must not choose how long it takes. */
const REST = String.raw`[^\s<>"'\x60)\]}|]{1,2000}`;
const LABEL = String.raw`[\p{L}\p{N}_-]{1,63}`;
const LINK = new RegExp(
  [
    // A browser reads \ as /, and one slash or none as two.
    String.raw`(?<![\p{L}\p{N}])[a-z][a-z0-9+.-]{0,20}:[\\/]${REST}`,
    String.raw`(?<![\p{L}\p{N}])(?:https?|ftp|wss?|mailto|tel|sms|data|javascript|vbscript|blob|intent):${REST}`,
    String.raw`(?<![\p{L}\p{N}:\\/])[\\/]{2}(?=[^\s\\/]{0,253}[.[:])[^\s\\/]${REST}`,
    String.raw`(?<![\p{L}\p{N}.!#$%&*+/=?^_{|}~-])[\p{L}\p{N}.!#$%&*+/=?^_{|}~-]{1,64}@${LABEL}(?:\.${LABEL}){1,8}`,
    String.raw`(?<![\p{L}\p{N}._-])(?:${LABEL}\.){1,8}(?:\p{L}{2,63}|xn--[a-z0-9-]{1,59})(?![\p{L}\p{N}_-])(?::[0-9]{1,5})?(?:[/?#\\](?:${REST})?)?`,
    String.raw`(?<![\p{L}\p{N}.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9.]?[0-9])(?::[0-9]{1,5})?(?:[/?#\\](?:${REST})?)?`,
  ].join('|'),
  'giu',
);
/** The addresses of links and pictures, in which a browser passes over tabs and line ends. */
const WRAPPED = [
  /(?:\]\(|<)([^)<>]{1,2000})/g,
  /\b(?:href|src|action|srcset|poster|cite|background)\s{0,5}=\s{0,5}["']?([^"'<>]{1,2000})/gi,
];
const PASSED_OVER = /[\t\r\n]/g;
/** A browser takes characters out that no eye sees. */
const HIDDEN = /\p{Default_Ignorable_Code_Point}/gu;

/** Endings of files that are no top-level domain: nothing leads from the name of such a file. */
const FILES = new Set(
  'txt pdf doc docx xls xlsx ppt pptx odt ods csv tsv png jpg jpeg gif svg webp bmp ico tif tiff json jsonl yaml yml xml html htm css js mjs cjs ts tsx jsx java kt go c h cpp hpp rb php sql log ini cfg conf toml lock env bak tmp wav mp3 mp4 avi mkv tar gz tgz bz2 xz rar exe dll bin iso eml ics vcf tex bib ipynb parquet db'.split(
    ' ',
  ),
);

/**
 * Returns the addresses in a text, as a browser or a mail program follows them (WHATWG URL): with any scheme and any ending, without
 * a scheme, with `\` for `/`, in characters that are folded, across line ends within a link.
 */
export function linksIn(text: string): string[] {
  const plain = text
    .normalize('NFKC')
    .replace(HIDDEN, '')
    .replace(/[\u3002\uff0e\uff61]/g, '.');
  const found = (plain.match(LINK) ?? []).map((link) => link.replace(/[.,;:!?*_~]+$/, '')).filter(isLink);
  if (!PASSED_OVER.test(plain)) return found;
  PASSED_OVER.lastIndex = 0;
  for (const [, inner = ''] of WRAPPED.flatMap((pattern) => [...plain.matchAll(pattern)])) {
    const joined = inner.replace(PASSED_OVER, '').trim();
    if (joined.length < inner.trim().length && shapesOf(joined).some((shape) => shape === 'web' || shape === 'email'))
      found.push(joined);
  }
  return found;
}

function isLink(link: string): boolean {
  if (link.length < 4) return false;
  const ending = /^[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*\.(\p{L}+)$/u.exec(link)?.[1];
  return ending === undefined || !FILES.has(ending.toLowerCase());
}
