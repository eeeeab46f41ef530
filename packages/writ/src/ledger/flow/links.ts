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
  const found = linksOf(plain);
  for (const link of linksOf(mended(plain))) if (!found.includes(link)) found.push(link);
  if (!PASSED_OVER.test(plain)) return found;
  PASSED_OVER.lastIndex = 0;
  for (const [, inner = ''] of WRAPPED.flatMap((pattern) => [...plain.matchAll(pattern)])) {
    const joined = inner.replace(PASSED_OVER, '').trim();
    if (joined.length < inner.trim().length && shapesOf(joined).some((shape) => shape === 'web' || shape === 'email'))
      found.push(joined);
  }
  return found;
}

function linksOf(text: string): string[] {
  return (text.match(LINK) ?? []).map((link) => link.replace(/[.,;:!?*_~]+$/, '')).filter(isLink);
}

/** A point that is a word, in brackets, or between spaces, with what it stands between. No small word is a part of a host. */
const POINT =
  /(?<![\p{L}\p{N}])([\p{L}\p{N}][\p{L}\p{N}_.-]{0,62})(?: ?[[({] ?(?:\.|dot|punkt) ?[\])}] ?| (?:dot|punkt) | \. )(?!(?:is|are|was|in|on|at|of|and|or|the|a|an|to|for|it|that|by|as)(?!\p{L}))(?=\p{L}{2})/giu;
const AT = /(?<=[\p{L}\p{N}_.+-])(?: ?[[({] ?(?:@|at|ät) ?[\])}] ?| (?:at|ät|@) )(?=[\p{L}\p{N}-]{1,63}\.\p{L}{2})/giu;
const SLASH = /(?<=\.\p{L}{2,63}(?:\/[\p{L}\p{N}_-]{0,63}){0,4})(?: slash | ?\/ )(?=[\p{L}\p{N}])/giu;

/** Returns a text with the signs of addresses that its readers put in: `evil dot example`, `evil[.]example`, `evil . example`. */
function mended(text: string): string {
  if (!MAY_BE_MENDED.test(text)) return '';
  let points = text;
  for (let rounds = 0; rounds < MAX_POINTS; rounds += 1) {
    const next = points.replace(POINT, '$1.');
    if (next === points) break;
    points = next;
  }
  return points === text
    ? ''
    : points
        .replace(AT, '@')
        .replace(SLASH, '/')
        .replace(/\bhxxp/gi, 'http');
}

const MAY_BE_MENDED = / (?:dot|punkt) | \. |[[({] ?(?:\.|dot|punkt) ?[\])}]/i;
/** The most points of a host, about. */
const MAX_POINTS = 4;

function isLink(link: string): boolean {
  if (link.length < 4) return false;
  const ending = /^[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*\.(\p{L}+)$/u.exec(link)?.[1];
  return ending === undefined || !FILES.has(ending.toLowerCase());
}
