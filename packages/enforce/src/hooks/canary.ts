/** A command that does nothing, and that the face always stops: if it is stopped, the hook works. */
export const CANARY = ': writ-doctor-canary';
export const CANARY_SAYS = 'this hook of Writ works: it stopped the canary of `writ doctor`';
