// What a buffer is for, as `GPUBufferUsage` has it: a global that Node lacks.

export const MAP_READ = 0x1;
export const COPY_SRC = 0x4;
export const COPY_DST = 0x8;
export const STORAGE = 0x80;
export const QUERY_RESOLVE = 0x200;
