/** The version of the form of records. Records from before version 1 have none. */
export const RECORD_VERSION = 1;
