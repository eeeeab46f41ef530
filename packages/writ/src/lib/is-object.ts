export { isObject } from '@writ/sdk/lib/is-object';
