/** Which names say that a value is a credential, however they are written: `apiKey`, `x-api-key`, `API_KEYS`, `dbpassword`. */

/** Last words of a name that say it alone. */
const WORDS: ReadonlySet<string> = new Set(
  (
    'password passwd pwd pass passphrase passcode secret token jwt bearer auth authorization credential cookie ' +
    'pin otp totp cvv cvc dsn sas apikey csrf xsrf sid'
  ).split(' '),
);
/** Last words that say it together, by the last of them: a caller chooses how many names are looked at. */
const ENDINGS: ReadonlyMap<string, readonly (readonly string[])[]> = byLastWord(
  'api key|access key|secret key|private key|signing key|encryption key|master key|account key|shared key|storage key|' +
    'subscription key|consumer key|license key|service key|admin key|auth key|session key|hmac key|ssh key|webhook key|' +
    'connection string|conn string|conn str|database url|database uri|db url|db uri|mongo url|mongo uri|mongodb url|' +
    'mongodb uri|redis url|postgres url|postgresql url|mysql url|amqp url|broker url|jdbc url|webhook url|sas url|' +
    'session id|client assertion|saml assertion|saml response|code verifier|auth code|authorization code|' +
    'verification code|mfa code|otp code|pin code|recovery code|backup code|shared access signature|' +
    'amz signature|goog signature|set cookie',
);
/** Names that say it only when they are the whole name: within others they are harmless. */
const WHOLE: ReadonlySet<string> = new Set(['session', 'signature', 'sig', 'assertion', 'key pair']);
/** Endings of a name written without a break. */
const SQUASHED =
  /(?:password|passwd|passphrase|passcode|api_?key|accesskey|secretkey|privatekey|accesstoken|refreshtoken|idtoken|authtoken|sessiontoken|bearertoken|csrftoken|clientsecret|connectionstring|databaseurl|credentials?|authorization|sessionid|sessid|clientassertion)$/;
/** Words behind the one that says it. */
const QUALIFIERS: ReadonlySet<string> = new Set(
  'value text plain plaintext raw header headers confirmation confirm repeat again new old current encoded b64 base64 hint hash'.split(
    ' ',
  ),
);

function byLastWord(text: string): ReadonlyMap<string, readonly (readonly string[])[]> {
  const byLast = new Map<string, string[][]>();
  for (const words of text.split('|').map((one) => one.split(' '))) {
    const last = words[words.length - 1] as string;
    byLast.set(last, [...(byLast.get(last) ?? []), words]);
  }
  return byLast;
}

/** Returns whether a name says that its value is a credential. A plural says it of texts: `maxTokens` is a number. */
export function isSecretName(name: string, value?: unknown): boolean {
  const words = wordsOf(name);
  while (words.length > 1 && QUALIFIERS.has(words[words.length - 1] as string)) words.pop();
  const last = words[words.length - 1];
  if (last === undefined) return false;
  if (WHOLE.has(words.join(' ')) || isEnding(words)) return true;
  const singular = /[^s]s$/.test(last) ? last.slice(0, -1) : undefined;
  return singular !== undefined && typeof value !== 'number' && isEnding([...words.slice(0, -1), singular]);
}

function isEnding(words: readonly string[]): boolean {
  const last = words[words.length - 1] as string;
  if (WORDS.has(last) || SQUASHED.test(last)) return true;
  const endings = ENDINGS.get(last);
  if (endings === undefined) return false;
  return endings.some((ending) => ending.every((word, i) => words[words.length - ending.length + i] === word));
}

/** Longer names are cut: a caller chooses them. */
const MAX_NAME = 256;

/** Returns the words of a name in lower case, without numbers at their ends. */
function wordsOf(name: string): string[] {
  return name
    .slice(-MAX_NAME)
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map((word) => (/^(?:b64|base64)$/.test(word) ? word : word.replace(/[0-9]{1,4}$/, '')))
    .filter((word) => word !== '');
}
