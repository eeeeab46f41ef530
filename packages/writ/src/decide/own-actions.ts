/** The actions by which bundles say who may approve a request for access, and who may go without in an emergency. */
export const APPROVE = 'approve';
export const BREAK_GLASS = 'break_glass';

/** The action by which a person removes labels from a task or a store. */
export const DECLASSIFY = 'declassify';

/** The actions on a task itself: to hand it on, to start one of a kind, to widen its mandate. */
export const TASK_ACTIONS = { delegate: 'delegate', start: 'start_task', widen: 'widen_task' } as const;
