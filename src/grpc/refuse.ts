// Ends a stream that never began: its client may not call the method.
import type { Denial } from './access.ts';

interface RefusableCall {
  emit(event: 'error', error: Error): unknown;
}

export function refuse(call: RefusableCall, { code, details }: Denial): void {
  call.emit('error', Object.assign(new Error(details), { code, details }));
}
