import type { ServiceDefinition } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { DESCRIPTOR } from './descriptor.js';

const loaded = fromJSON(DESCRIPTOR, { defaults: false, oneofs: true, arrays: true, objects: true });

/** The services that Envoy asks. */
export const AUTHORIZATION = loaded['envoy.service.auth.v3.Authorization'] as ServiceDefinition;
export const PROCESSOR = loaded['envoy.service.ext_proc.v3.ExternalProcessor'] as ServiceDefinition;
