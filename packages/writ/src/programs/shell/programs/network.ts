import { isUrl, remoteOf } from '../effects/hosts.js';
import { type Arg, literal, restOf, unknown } from '../syntax/arg.js';
import { type Call, KNOWN, type Outcome, type ProgramReader, UNKNOWN } from './call.js';
import { type Grammar, grammar, type Options, readOptions } from './options.js';

const CURL =
  grammar(`a A= b= B c= C= d= D= e= E= f F= g G h? H= i I j J k K= l L m= M n N o= O p P= q Q= r= R s S t= T= u= U= v w= x= X= y= Y= z= Z 0 1 2 3 4 6 #
  append user-agent= cookie= cookie-jar= continue-at= data= data-ascii= data-binary= data-raw= data-urlencode= json= dump-header=
  referer= cert= key= cacert= capath= fail fail-with-body form= form-string= globoff get head header= include insecure junk-session-cookies
  location location-trusted max-time= connect-timeout= netrc no-buffer output= output-dir= remote-name remote-name-all remote-header-name
  create-dirs proxy= proxy-user= quote= range= request= retry= retry-delay= retry-max-time= retry-all-errors retry-connrefused
  silent show-error speed-limit= speed-time= upload-file= url= user= verbose write-out= progress-bar compressed http1.0 http1.1 http2
  http3 ipv4 ipv6 tlsv1 tlsv1.2 tlsv1.3 max-redirs= max-filesize= limit-rate= oauth2-bearer= basic digest anyauth ssl-reqd tcp-nodelay
  no-progress-meter no-keepalive parallel url-query= pass= path-as-is post301 post302 post303 unix-socket= resolve= connect-to= socks5=
  socks5-hostname= socks4= preproxy= trace= trace-ascii= stderr= config= noproxy= interface= doh-url= next fail-early`);
const WGET =
  grammar(`a= A= b B= c d D= e= E F h H i= I= k K l= L m N nc nv o= O= p P= q Q= r R= S t= T= U= v w= x X= 4 6 no-clobber
  quiet no-verbose output-document= directory-prefix= input-file= output-file= append-output= post-data= post-file= body-data= body-file=
  method= header= user= password= tries= timeout= no-check-certificate continue recursive level= no-parent spider timestamping
  user-agent= show-progress progress= execute= config= use-askpass= load-cookies= save-cookies= limit-rate= content-disposition
  https-only max-redirect= retry-connrefused waitretry= ca-certificate= certificate= private-key= mirror page-requisites convert-links accept= reject=`);
const SSH = grammar(
  '4 6 a A b= B= c= C D= e= E= f F= g G i= I= J= k K l= L= m= M n N o= O= p= P= q Q= R= s S= t T v V w= W= x X y Y',
);
const SCP = grammar('3 4 6 A B c= C D= F= i= J= l= o= O p P= q r R S= s T v X=');
const NC = grammar(
  '4 6 b C D d F h i= I= k l M= m= N n O= o= P= p= q= r S s= T= t U u V= v W= w= X= x= Z z c= e= sh-exec= exec= lua-exec= ssl',
);
const PING = grammar('4 6 a A b c= D f i= I= l= L m= M= n O p= q Q= r R s= S= t= T= v w= W= h m f= N= P= z= 2');
/** Settings of ssh that change no program and no host. */
const SSH_SETTINGS =
  /^(?:StrictHostKeyChecking|ConnectTimeout|BatchMode|UserKnownHostsFile|LogLevel|ServerAlive\w+|IdentitiesOnly|PasswordAuthentication|RequestTTY|Port|User|AddKeysToAgent|PreferredAuthentications)[= ]/i;

const curl: ProgramReader = (call) => {
  const options = refuseRuns(call, CURL, ['K', 'config', 'q']);
  const { operands, values, has, strange } = options;
  for (const arg of [...operands, ...values('url')]) target(call, arg);
  for (const arg of values('x', 'proxy', 'preproxy', 'socks5', 'socks5-hostname', 'socks4', 'doh-url'))
    target(call, arg);
  if (has('resolve', 'connect-to')) call.hostNamed(undefined);
  for (const arg of values(
    'o',
    'output',
    'D',
    'dump-header',
    'c',
    'cookie-jar',
    'trace',
    'trace-ascii',
    'stderr',
    'unix-socket',
  ))
    if (arg.value !== '-' && arg.value !== '%') call.writes(arg);
  for (const arg of values('output-dir')) call.writes(arg, true);
  if (has('O', 'remote-name', 'remote-name-all', 'J', 'remote-header-name')) call.writes(literal('.', call.pos), true);
  for (const arg of values('T', 'upload-file', 'E', 'cert', 'key', 'cacert', 'capath'))
    if (arg.value !== '-') call.reads(arg);
  for (const arg of values('d', 'data', 'data-ascii', 'data-binary', 'json', 'H', 'header', 'w', 'write-out'))
    file(call, arg, /^@/);
  for (const arg of values('F', 'form')) file(call, arg, /=[@<]/);
  for (const arg of values('data-urlencode')) file(call, arg, /^[^=]*@/);
  for (const arg of values('b', 'cookie')) if (!/[=;]/.test(arg.lead)) call.reads(arg);
  return strange === undefined ? KNOWN : UNKNOWN;
};

/** Records the file of an argument such as `@file`; an unknown argument can name one. */
function file(call: Call, arg: Arg, sign: RegExp): void {
  const match = sign.exec(arg.lead);
  if (match === null) {
    if (arg.value === undefined && (arg.lead === '' || !sign.source.startsWith('^@'))) call.unresolved('reads');
    return;
  }
  const path = restOf(arg, match.index + match[0].length);
  if (path.value !== undefined && /[;,]/.test(path.value)) call.unresolved('reads');
  if (path.value !== '-') call.reads(path);
}

/** Records a URL: its host, or the file that it names. */
function target(call: Call, arg: Arg): void {
  if (/^file:/i.test(arg.lead)) call.reads(restOf(arg, arg.lead.replace(/^(file:(?:\/\/[^/]*)?).*$/i, '$1').length));
  else call.host(arg);
}

const wget: ProgramReader = (call) => {
  const { operands, values, has, strange } = refuseRuns(call, WGET, ['e', 'execute', 'config', 'use-askpass']);
  for (const arg of operands) target(call, arg);
  if (has('i', 'input-file')) call.hostNamed(undefined);
  for (const arg of values(
    'i',
    'input-file',
    'post-file',
    'body-file',
    'load-cookies',
    'certificate',
    'private-key',
    'ca-certificate',
  ))
    call.reads(arg);
  const outputs = values('O', 'output-document', 'o', 'output-file', 'a', 'append-output', 'save-cookies');
  for (const arg of outputs) if (arg.value !== '-') call.writes(arg);
  const folders = values('P', 'directory-prefix');
  for (const arg of folders) call.writes(arg, true);
  if (!has('O', 'output-document', 'spider') && folders.length === 0) call.writes(literal('.', call.pos), true);
  return strange === undefined ? KNOWN : UNKNOWN;
};

/** Reads options, and refuses those that run a program and words that can be one. */
function refuseRuns(call: Call, known: Grammar, runs: readonly string[], stops = false): Options {
  const options = readOptions(call.args, known, stops);
  const run = options.options.find(({ name }) =>
    runs.some((full) => full === name || (name.length > 1 && full.startsWith(name))),
  );
  if (run !== undefined) call.refuse(`the option ${run.name} of ${call.name} can run a program`);
  if (options.loose !== undefined)
    call.refuse(`this can be an option of ${call.name} that runs a program`, options.loose);
  return options;
}

function sshOptions(call: Call, known: Grammar, stops: boolean): Options {
  const options = refuseRuns(call, known, call.name === 'scp' ? ['F', 'S', 'D', 'X'] : ['F', 'I', 'S'], stops);
  if (options.strange !== undefined) call.refuse(`this option of ${call.name} is not understood`, options.strange);
  for (const arg of options.values('o'))
    if (arg.value === undefined || !SSH_SETTINGS.test(arg.value))
      call.refuse(`this setting of ${call.name} can run a program`, arg);
  for (const arg of options.values('i')) call.reads(arg);
  for (const arg of options.values('J', 'W')) call.hostNamed(arg.value);
  if (options.has('L', 'R', 'D')) call.hostNamed(undefined);
  return options;
}

const ssh: ProgramReader = (call) => {
  const { operands, has, values } = sshOptions(call, SSH, true);
  const [host, ...rest] = operands;
  if (has('V', 'Q') && host === undefined) return KNOWN;
  if (host?.value === undefined) return call.refuse('the text does not say which host this is', host);
  call.hostNamed(host.value);
  for (const arg of values('E')) call.writes(arg);
  // Options also stand behind the host.
  if (rest[0]?.lead.startsWith('-') === true) call.refuse('options behind the host are not understood', rest[0]);
  if (rest.length === 0) {
    if (!has('N')) call.interactive();
    return KNOWN;
  }
  // The shell over there reads all of them as one text.
  const words = rest.map(({ value }) => value);
  const text = words.includes(undefined)
    ? unknown('', false, call.pos)
    : literal(words.join(' '), (rest[0] as Arg).pos);
  call.script(text, true, host.value.replace(/^.*@/, ''));
  return KNOWN;
};

function copies(call: Call, operands: readonly Arg[], deep: boolean): void {
  operands.forEach((arg, index) => {
    const remote = remoteOf(arg);
    if (remote !== undefined || isUrl(arg)) call.hostNamed(remote ?? arg.value);
    else if (arg.value === undefined && arg.base === undefined && !/^[./]/.test(arg.lead)) {
      call.hostNamed(undefined);
      call.unresolved(index === operands.length - 1 ? 'writes' : 'reads');
    } else if (index === operands.length - 1) call.writes(arg, true);
    else call.reads(arg, deep);
  });
}

const scp: ProgramReader = (call) => {
  const { operands, has } = sshOptions(call, SCP, false);
  copies(call, operands, has('r'));
  return KNOWN;
};

const RSYNC = grammar(`a A b B= c C d e= E f= g h H i I k K l L m M= n N o O p P q r R s S t T= u U v W x X y z 0 8 4 6
  archive verbose recursive delete delete-after delete-before delete-excluded dry-run progress exclude= include= exclude-from= include-from=
  files-from= compress human-readable update checksum partial stats info= bwlimit= chmod= chown= no-perms no-owner no-group links
  copy-links ignore-existing existing size-only rsh= rsync-path= log-file= password-file= itemize-changes inplace append backup backup-dir= port=`);

const rsync: ProgramReader = (call) => {
  const { operands, values, strange } = refuseRuns(call, RSYNC, ['rsync-path', 'M']);
  for (const arg of values('e', 'rsh')) if (arg.value !== 'ssh') call.refuse('rsync runs this program', arg);
  for (const arg of values('exclude-from', 'include-from', 'files-from', 'password-file')) call.reads(arg);
  for (const arg of values('log-file', 'backup-dir', 'T')) call.writes(arg, true);
  copies(call, operands, true);
  return strange === undefined ? KNOWN : UNKNOWN;
};

const netcat: ProgramReader = (call) => {
  const { operands, has, values, strange } = refuseRuns(call, NC, ['c', 'e', 'exec', 'sh-exec', 'lua-exec']);
  for (const arg of values('x')) call.hostNamed(arg.value);
  if (has('U')) for (const arg of operands) call.writes(arg);
  else if (!has('l') && operands[0] !== undefined) call.hostNamed(operands[0].value);
  return strange === undefined ? KNOWN : UNKNOWN;
};

const ping: ProgramReader = (call) => {
  const { operands, strange } = readOptions(call.args, PING);
  for (const arg of operands) call.hostNamed(arg.value);
  return strange === undefined ? KNOWN : UNKNOWN;
};

/** Reads lookups: each word can be a name that reaches a server, and `@server` is one. */
const lookup: ProgramReader = (call): Outcome => {
  for (const { value } of call.args) {
    if (value === undefined) call.hostNamed(undefined);
    else if (value.startsWith('@')) call.hostNamed(value.slice(1));
    else if (value.startsWith('-') && !/^-(?:t|p|x|4|6|type=\w+|query=\w+)$/.test(value)) return UNKNOWN;
    else if (!/^[-+]/.test(value)) call.hostNamed(value);
  }
  return KNOWN;
};

export const NETWORK: readonly (readonly [string, ProgramReader])[] = [
  ['curl', curl],
  ['wget', wget],
  ['ssh', ssh],
  ['scp', scp],
  ['rsync', rsync],
  ...['nc', 'ncat', 'netcat'].map((name) => [name, netcat] as const),
  ...['ping', 'ping6', 'traceroute', 'tracepath'].map((name) => [name, ping] as const),
  ...['dig', 'nslookup', 'host'].map((name) => [name, lookup] as const),
];
