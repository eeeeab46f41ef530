import type { ProgramReader } from './call.js';
import { reader, type Spec } from './spec.js';

const DIGITS = '0 1 2 3 4 5 6 7 8 9';
const COPY = `a b d f i l L n p P r R s u v x archive force interactive recursive verbose no-clobber update? preserve? no-dereference
  dereference parents remove-destination no-target-directory T backup? strip-trailing-slashes reflink? sparse= one-file-system`;

/** Programs that read, write, list or compare files. */
const SPECS: Readonly<Record<string, Spec>> = {
  cat: {
    options: 'A b e E n s t T u v show-all number number-nonblank show-ends show-tabs squeeze-blank',
    operands: 'reads',
  },
  tac: { options: 'b r s= before regex separator=', operands: 'reads' },
  nl: { options: 'b= d= f= h= i= l= n= p s= v= w= body-numbering=', operands: 'reads' },
  head: { options: `n= c= q v lines= bytes= quiet verbose z ${DIGITS}`, operands: 'reads' },
  tail: {
    options: `n= c= f F q v s= r lines= bytes= follow? retry pid= quiet sleep-interval= z ${DIGITS}`,
    operands: 'reads',
  },
  wc: { options: 'c m l L w bytes chars lines words max-line-length', operands: 'reads' },
  ls: {
    options: `a A b B c C d D f F g G h H i I= k l L m n N o p q Q r R s S t T= u U v w= x X Z 1 all almost-all color? directory
      human-readable recursive time= sort= reverse size classify? group-directories-first full-time time-style= inode`,
    ...{ operands: 'reads', deep: 'R recursive', otherwise: '.' },
  },
  tree: {
    options:
      'a d f i l L= I= P= s h D F p u g C n r t v o= J X N dirsfirst noreport prune gitignore filelimit= filesfirst du',
    ...{ operands: 'reads', deep: '*', otherwise: '.', writes: 'o' },
  },
  stat: { options: 'c= f L t x format= printf= dereference file-system terse', operands: 'reads' },
  file: { options: 'b i L k s z mime mime-type mime-encoding brief dereference', operands: 'reads' },
  du: {
    options: 'a b c h k m s x d= S L all bytes total human-readable max-depth= summarize exclude= apparent-size time?',
    ...{ operands: 'reads', deep: '*', otherwise: '.' },
  },
  df: { options: 'a h H i k l m T P t= x= human-readable type= total output? inodes', operands: 'reads' },
  ...same('md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum', {
    options: 'b c t w z check binary text quiet status tag strict ignore-missing',
    operands: 'reads',
  }),
  cksum: { options: 'a= algorithm= untagged', operands: 'reads' },
  shasum: { options: 'a= b c t algorithm= check binary text', operands: 'reads' },
  realpath: {
    options: 'e m L P q s z canonicalize-existing canonicalize-missing relative-to= relative-base=',
    operands: 'reads',
  },
  readlink: { options: 'f e m n q s v z canonicalize', operands: 'reads' },
  diff: {
    options: `a b B c C= d e E i I= N q r s t T u U= w W= x= y Z unified? context? brief recursive ignore-case ignore-all-space
      color? side-by-side new-file exclude= exclude-from= strip-trailing-cr label= L=`,
    ...{ operands: 'reads', deep: 'r recursive', reads: 'exclude-from' },
  },
  cmp: { options: 'b i= l n= s bytes= ignore-initial= print-bytes quiet silent verbose', operands: 'reads' },
  comm: { options: '1 2 3 check-order nocheck-order output-delimiter= total z', operands: 'reads' },
  cp: {
    options: `${COPY} t= target-directory= S= suffix=`,
    operands: 'copy',
    deep: 'r R a recursive archive',
    targets: 't target-directory',
  },
  mv: { options: `${COPY} t= target-directory=`, operands: 'move', deep: '*', targets: 't target-directory' },
  ln: {
    options: 'b d f i L n P r s t= T v symbolic force no-dereference relative target-directory=',
    operands: 'move',
    targets: 't target-directory',
  },
  install: {
    options: 'b c C d D g= m= o= p s t= T v mode= owner= group= directory target-directory= strip-program=',
    operands: 'copy',
    targets: 't target-directory',
    runs: 'strip-program',
  },
  rm: {
    options: 'd f i I r R v force recursive dir verbose interactive? one-file-system no-preserve-root preserve-root?',
    operands: 'writes',
    deep: 'r R recursive',
  },
  rmdir: { options: 'p v parents verbose ignore-fail-on-non-empty', operands: 'writes' },
  unlink: { options: '', operands: 'writes' },
  shred: { options: 'f n= s= u v x z force iterations= remove? zero', operands: 'writes' },
  mkdir: { options: 'm= p v Z mode= parents verbose', operands: 'writes' },
  touch: {
    options: 'a c d= f h m r= t= no-create date= time= reference= no-dereference',
    operands: 'writes',
    reads: 'r reference',
  },
  truncate: { options: 'c o r= s= size= reference= no-create', operands: 'writes', reads: 'r reference' },
  tee: { options: 'a i p append ignore-interrupts output-error?', operands: 'writes' },
  chmod: {
    options: 'c f R v r w x recursive changes quiet verbose reference= preserve-root',
    operands: 'writes',
    skip: 1,
    unless: 'reference r w x',
    reads: 'reference',
    deep: 'R recursive',
  },
  ...same('chown chgrp', {
    options: 'c f h H L P R v recursive from= reference= no-dereference',
    operands: 'writes',
    skip: 1,
    unless: 'reference',
    reads: 'reference',
    deep: 'R recursive',
  }),
  ...same('gzip gunzip bzip2 bunzip2 xz unxz zstd', {
    options: `c d f k l n N q r t v z T= 0 1 2 3 4 5 6 7 8 9 stdout decompress keep force recursive best fast threads= rm`,
    ...{ operands: 'writes', deep: 'r recursive' },
  }),
  ...same('zcat bzcat xzcat zstdcat', { options: 'f q v', operands: 'reads' }),
};

function same(names: string, spec: Spec): Record<string, Spec> {
  return Object.fromEntries(names.split(' ').map((name) => [name, spec]));
}

export const FILES: readonly (readonly [string, ProgramReader])[] = Object.entries(SPECS).map(([name, spec]) => [
  name,
  reader(spec),
]);
