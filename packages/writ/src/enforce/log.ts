/** Told to whoever runs the gateway; never to the caller. */
export type Log = (message: string) => void;
