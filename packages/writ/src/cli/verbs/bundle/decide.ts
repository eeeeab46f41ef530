import { subverb } from '../../verb.js';

export default subverb('decide', 'decide one AuthZEN request on a bundle, without a service')
  .argument('<bundle>', 'folder of the bundle')
  .argument('<request>', 'file with the request, or - for standard input')
  .printsJson()
  .runs(async (bundle: string, file: string, flags: { json?: boolean }) =>
    (await import('../../decide.js')).decide(bundle, file, flags),
  );
