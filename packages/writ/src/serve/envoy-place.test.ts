import { describe, expect, it } from 'vitest';
import type { ServerCertificate } from '../lib/server-certificate.js';
import { placeOf } from './envoy-place.js';

const certificate = {} as ServerCertificate;
const present = (): ServerCertificate => certificate;
const tls = { cert: 'a', key: 'b', clientCa: 'c' };

describe('the place for Envoy', () => {
  it.each([
    ['no place', {}],
    ['any address in the clear', { port: 0, host: '0.0.0.0' }],
    ['any address in the clear, with the word for loopback', { port: 0, host: '0.0.0.0', plain: true }],
    ['a port of loopback without the word', { port: 0 }],
    ['a certificate without clients', { port: 0, tls }],
    ['a certificate with no clients', { port: 0, tls, clients: [] }],
    ['a certificate without an authority', { port: 0, tls: { cert: 'a', key: 'b' }, clients: ['DNS:envoy'] }],
  ])('is not opened: %s', (_name, options) => {
    expect(() => placeOf(options, present)).toThrow(expect.objectContaining({ code: 'envoy_in_the_clear' }));
  });

  it('is a socket, a port with mutual TLS, or one of loopback with the word', () => {
    expect(placeOf({ socket: '/run/writ.sock' }, present)).toEqual({ kind: 'socket', path: '/run/writ.sock' });
    expect(placeOf({ port: 1, plain: true }, present)).toEqual({ kind: 'loopback', port: 1 });
    const place = placeOf({ port: 1, host: '::', tls, clients: ['URI:spiffe://a.example/envoy'] }, present);
    expect(place).toMatchObject({ kind: 'tls', host: '::', port: 1, certificate });
    const admits = place.kind === 'tls' ? place.admits : expect.fail();
    expect(admits('URI:spiffe://a.example/envoy')).toBe(true);
    for (const names of [
      undefined,
      '',
      'DNS:a.example',
      'URI:spiffe://a.example/envoy/x',
      'URI:"spiffe://a.example/envoy"',
    ])
      expect(admits(names)).toBe(false);
    expect(admits('URI:spiffe://a.example/envoy, URI:spiffe://a.example/other')).toBe(false);
  });
});
