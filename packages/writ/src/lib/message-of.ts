export { messageOf, strikeFromMessages } from '@writ/sdk/lib/message-of';
