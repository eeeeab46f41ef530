/** Variables that the shell, the loader or a program of the tables reads as code, as where code is, or as what to run. */
const REFUSED = new Set(
  `PATH IFS ENV HOME SHELL CDPATH EXECIGNORE FIGNORE PROMPT_COMMAND POSIXLY_CORRECT TIMEFORMAT SHELLOPTS FUNCNAME
   PAGER MANPAGER EDITOR VISUAL FCEDIT BROWSER TAR_OPTIONS LESSOPEN LESSCLOSE LESS LESSKEY RSYNC_RSH
   RIPGREP_CONFIG_PATH GREP_OPTIONS GREP_COLORS CURL_HOME WGETRC SYSTEM_WGETRC SSH_ASKPASS SUDO_ASKPASS SUDO_EDITOR
   SSH_AUTH_SOCK MAKEFLAGS MFLAGS GNUMAKEFLAGS MAKEFILES MAKESHELL RUSTC RUSTDOC RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER
   RUSTFLAGS GOFLAGS GOTOOLCHAIN GOROOT GOENV GOPROXY CLASSPATH JAVA_HOME MAVEN_OPTS GRADLE_OPTS JAVA_OPTS
   PSQLRC PSQL_PAGER PSQL_EDITOR PGSYSCONFDIR PGSERVICEFILE KUBECONFIG KUBE_EDITOR AWS_CONFIG_FILE
   AWS_SHARED_CREDENTIALS_FILE GCONV_PATH LOCPATH NLSPATH TERMINFO TERMINFO_DIRS TERMCAP INPUTRC HOSTALIASES
   OPENSSL_CONF OPENSSL_ENGINES OPENSSL_MODULES DOTNET_STARTUP_HOOKS PHPRC PHP_INI_SCAN_DIR R_PROFILE R_ENVIRON
   LUA_INIT ZDOTDIR EMACSLOADPATH VIMINIT EXINIT GVIMINIT MYVIMRC ELECTRON_RUN_AS_NODE BASHOPTS TEXTDOMAIN TEXTDOMAINDIR LANGUAGE`
    .split(/\s+/)
    .filter((name) => name !== ''),
);
const REFUSED_PREFIXES =
  /^(?:LD_|DYLD_|BASH_|PS\d|GIT_|PYTHON|PERL|RUBY|GEM_|BUNDLE_|NODE_|JAVA_|_JAVA|JDK_|CGO_|CARGO_|PIP_|UV_|DOCKER_|XDG_|LUA_|LD|MALLOC_|GLIBC_|COMPOSER_|TF_CLI_|ANSIBLE_|HELM_|SSL_|REQUESTS_CA|CURL_CA|AWS_CA|COMP_|npm_config_|yarn_|pnpm_config_)/i;
/** Names among the refused ones that are settings only. */
const HARMLESS =
  /^(?:GIT_(?:AUTHOR|COMMITTER)_(?:NAME|EMAIL|DATE)|GIT_TERMINAL_PROMPT|CGO_ENABLED|PYTHON(?:UNBUFFERED|DONTWRITEBYTECODE|IOENCODING|UTF8|HASHSEED)|NODE_(?:ENV|NO_WARNINGS|DEBUG)|CARGO_TERM_COLOR|DOCKER_BUILDKIT|npm_config_(?:yes|loglevel))$/;
/** Variables that have the attribute integer, or that the shell reads as its own state: to assign is to evaluate. */
const EVALUATED =
  /^(?:RANDOM|SRANDOM|SECONDS|LINENO|OPTIND|HIST\w*|EPOCH\w*|BASH\w*|DIRSTACK|GROUPS|FUNCNAME|PIPESTATUS|UID|EUID|PPID|OLDPWD|PWD)$/;
/** Other variables to which the shell gives values. */
const DYNAMIC = /^(?:_|LINES|COLUMNS|MAPFILE|COPROC|OPTARG|REPLY)$/;
const PROXY = /^(?:https?|ftp|all|no)_proxy$/i;

export const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Values with which a refused name is harmless. */
const HARMLESS_VALUES: readonly (readonly [RegExp, RegExp])[] = [
  [/^(?:GIT_)?(?:PAGER|EDITOR|SEQUENCE_EDITOR)$|^MANPAGER$/, /^(?:cat|true|:|)$/],
  [
    /^NODE_OPTIONS$/,
    /^(?:--(?:max-old-space-size=\d+|experimental-vm-modules|no-warnings|enable-source-maps)(?: |$))+$/,
  ],
];

/** Whether a value of this variable changes what a text, or a program, runs. */
export function isRefused(name: string): boolean {
  if (HARMLESS.test(name)) return false;
  return REFUSED.has(name) || REFUSED_PREFIXES.test(name) || EVALUATED.test(name) || PROXY.test(name);
}

/** Whether this value of a refused name is harmless for the program that gets it; the name of no program is undefined. */
export function isHarmless(name: string, value: string, program: string | undefined): boolean {
  if (name === 'IFS') return program === 'read';
  if (name === 'PYTHONPATH')
    return /^(?:python[\d.]*|pytest)$/.test(program ?? '') && /^(?:\.|(?:\.\/)?\w[\w/-]*)$/.test(value);
  return HARMLESS_VALUES.some(([names, values]) => names.test(name) && values.test(value));
}

/** Whether the shell gives this variable other values than those that the text assigns. */
export const isDynamic = (name: string): boolean => EVALUATED.test(name) || DYNAMIC.test(name);
