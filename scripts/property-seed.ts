import fc from 'fast-check';

// A run of the tests repeats exactly; other values are looked for by `npm run properties`, which passes other seeds.
fc.configureGlobal({ seed: Number(process.env.PROPERTY_SEED ?? 1) });
