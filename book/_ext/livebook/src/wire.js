// Jupyter messages on a WebSocket without a subprotocol: text is JSON; with buffers, a binary frame of
// big-endian offsets, the JSON, then the buffers.

export function encode(message, buffers) {
  if (!buffers.length) return JSON.stringify(message);
  const parts = [new TextEncoder().encode(JSON.stringify(message)), ...buffers.map((buffer) => new Uint8Array(buffer))];
  const start = 4 * (parts.length + 1);
  const frame = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, start));
  const table = new DataView(frame.buffer);
  table.setUint32(0, parts.length);
  let offset = start;
  parts.forEach((part, index) => {
    table.setUint32(4 * (index + 1), offset);
    frame.set(part, offset);
    offset += part.byteLength;
  });
  return frame.buffer;
}

export function decode(data) {
  if (typeof data === 'string') return { buffers: [], ...JSON.parse(data) };
  const table = new DataView(data);
  const offsets = Array.from({ length: table.getUint32(0) }, (_, index) => table.getUint32(4 * (index + 1)));
  const ends = [...offsets.slice(1), data.byteLength];
  const json = new TextDecoder().decode(new Uint8Array(data, offsets[0], ends[0] - offsets[0]));
  const buffers = offsets.slice(1).map((offset, index) => new DataView(data, offset, ends[index + 1] - offset));
  return { ...JSON.parse(json), buffers };
}
