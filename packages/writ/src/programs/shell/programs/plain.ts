import { KNOWN, type ProgramReader } from './call.js';
import { reader, type Spec } from './spec.js';

/** Programs that only filter text, and those that say something of the machine. */
const SPECS: Readonly<Record<string, Spec>> = {
  cut: {
    options: 'b= c= d= f= n s z bytes= characters= delimiter= fields= complement only-delimited output-delimiter=',
    operands: 'reads',
  },
  paste: { options: 'd= s z delimiters= serial', operands: 'reads' },
  join: { options: 'a= e= i j= o= t= v= 1= 2= header check-order nocheck-order z', operands: 'reads' },
  tr: { options: 'c C d s t complement delete squeeze-repeats truncate-set1', operands: 'none' },
  sort: {
    options: `b c C d f g h i k= m M n o= r R s S= t= T= u V z key= reverse numeric-sort unique output= field-separator= parallel=
      human-numeric-sort version-sort general-numeric-sort check? stable ignore-case files0-from= compress-program= random-sort
      temporary-directory= buffer-size= batch-size= zero-terminated merge`,
    ...{ operands: 'reads', writes: 'o output', reads: 'files0-from', runs: 'compress-program' },
  },
  uniq: {
    options:
      'c d D f= i s= u w= z count repeated all-repeated? ignore-case unique skip-fields= skip-chars= check-chars=',
    operands: 'convert',
  },
  shuf: {
    options: 'e i= n= o= r z head-count= input-range= output= random-source= repeat echo',
    operands: 'reads',
    writes: 'o output',
    reads: 'random-source',
  },
  fold: { options: 'b s w= bytes spaces width=', operands: 'reads' },
  fmt: { options: 'c s t u w= p= width=', operands: 'reads' },
  column: { options: 't s= o= c= x n J N= table separator= output-separator= json', operands: 'reads' },
  ...same('rev expand unexpand', { options: 't= a i tabs= all initial', operands: 'reads' }),
  strings: { options: 'a f n= t= e= bytes= radix= encoding= all', operands: 'reads' },
  od: { options: 'A= c b d f i j= N= o s t= v w? x address-radix= format= read-bytes= skip-bytes=', operands: 'reads' },
  hexdump: { options: 'b c C d n= s= v o x', operands: 'reads' },
  xxd: { options: 'a b c= e g= i l= o= p r s= u ps', operands: 'convert' },
  base64: { options: 'd D i w= decode wrap= ignore-garbage', operands: 'reads' },
  ...same('grep egrep fgrep zgrep', {
    options: `a A= b B= c C= d= D= E e= f= F G h H i I l L m= n N o P q r R s T u U v V w x y Z z 0 1 2 3 4 5 6 7 8 9
      after-context= before-context= binary-files= color? colour? context= count devices= directories= exclude= exclude-dir=
      exclude-from= extended-regexp file= files-with-matches files-without-match fixed-strings basic-regexp perl-regexp
      ignore-case include= invert-match line-buffered line-number max-count= no-filename no-messages null null-data
      only-matching quiet silent recursive dereference-recursive regexp= text with-filename word-regexp line-regexp no-ignore-case`,
    ...{
      operands: 'reads',
      reads: 'f file exclude-from',
      skip: 1,
      unless: 'e regexp f file',
      deep: 'r R recursive dereference-recursive',
    },
  }),
  rg: {
    options: `a A= B= C= c e= f= F g= h H i I l L m= n N o P q r= s S t= T= u U v w x z 0 1 2 3 4 5 6 7 8 9 files hidden
      no-ignore glob= iglob= type= type-not= regexp= file= ignore-case smart-case word-regexp fixed-strings count
      files-with-matches files-without-match line-number no-line-number no-heading heading color= colors= json multiline
      multiline-dotall only-matching replace= max-count= max-depth= max-filesize= sort= sortr= stats vimgrep follow
      after-context= before-context= context= with-filename no-filename column no-messages null pcre2 passthru
      pre= pre-glob= hostname-bin= search-zip ignore-file= type-list count-matches no-config`,
    ...{
      operands: 'reads',
      reads: 'f file ignore-file',
      skip: 1,
      unless: 'e regexp f file files',
      deep: '*',
      otherwise: '.',
    },
    runs: 'pre hostname-bin search-zip z',
  },
  date: {
    options: 'd= f= I? r= R s= u j v= date= file= iso-8601? reference= rfc-3339= utc set=',
    operands: 'none',
    reads: 'f file r reference',
    runs: 's set',
  },
  ps: {
    options:
      'a A c d e E f g G= h H j k= l L m M N n= O= o= p= q= r s= S t= T U= u v w x X y Z format= sort= no-headers pid= ppid= user=',
    operands: 'none',
  },
  lsof: { options: 'a b i? n P p= t u= c= d= F? l R s? w', operands: 'none' },
  pgrep: {
    options: 'a c d= f g= G= i l n o P= s= t= u= U= v w x full list-full newest oldest exact',
    operands: 'none',
  },
  ...same('pkill killall', {
    options: `${signals()} f g= G= i n o P= q s= t= u= U= v x e signal= full exact newest oldest`,
    operands: 'none',
  }),
  ...same(
    'uname whoami id hostname uptime free nproc arch groups tty who w last logname sleep seq yes basename dirname',
    {
      options: `a b f g G h i k m M n o p r s t u v w z all bytes kibi mebi human kernel-name kernel-release machine multiple suffix=
      S= separator= equal-width format= user name group groups real zero`,
      operands: 'none',
    },
  ),
  ...same('ss netstat', {
    options: 'a e i l m n o p r s t u w x 4 6 all listening numeric processes tcp udp summary',
    operands: 'none',
  }),
  which: { options: 'a s all', operands: 'none' },
  printenv: { options: '0 null', operands: 'none' },
  mktemp: { options: 'd p= q t u V directory suffix= tmpdir? quiet', operands: 'none' },
  sync: { options: 'd f data file-system', operands: 'none' },
};

/** Options of signals: letters of names, and digits. */
function signals(): string {
  return '0 1 2 3 4 5 6 7 8 9 K I L T E R M H U N Q';
}

function same(names: string, spec: Spec): Record<string, Spec> {
  return Object.fromEntries(names.split(' ').map((name) => [name, spec]));
}

/** Builtins that are also programs, for a wrapper that starts them. */
const harmless: ProgramReader = () => KNOWN;

export const PLAIN: readonly (readonly [string, ProgramReader])[] = [
  ...Object.entries(SPECS).map(([name, spec]) => [name, reader(spec)] as const),
  ...'echo printf true false test [ pwd kill clear'.split(' ').map((name) => [name, harmless] as const),
];
