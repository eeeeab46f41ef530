/** The official engine, for what ours does not do. Import it from here: V8 needs its flags before the engine is compiled. */
export * from '#official';
