export type { AccessRequest, Carried } from '@writ/sdk/authzen';
