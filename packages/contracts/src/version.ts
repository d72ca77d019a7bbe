/** The release. */
export const VERSION = '0.1.0';

/** Rises only when equal inputs give other numbers; keys of artifacts carry it. */
export const METHOD_VERSION = 2;
