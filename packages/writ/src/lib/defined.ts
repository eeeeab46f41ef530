export { defined } from '@writ/sdk/lib/defined';
