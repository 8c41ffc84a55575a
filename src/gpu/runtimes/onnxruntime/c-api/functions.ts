/**
 * The functions of ONNX Runtime's C API that are used here: where each stands in the table `OrtApi`, what it returns and
 * what it takes. The table only ever grows at its end, so a place stays right in later versions. Read off ort-sys
 * 2.0.0-rc.15, Rust's declaration of versions 17 to 31 of the API, and held against the C header of version 29 by
 * `scripts/onnxruntime-functions.ts`: to be run with the header of another version before that one is used. Arenas and
 * statistics (`bench/memory`) were put down later, and are held by a test that calls them.
 *
 * Handles (`OrtSession *` and the like) and out parameters are plain pointers: `void *`.
 */
export type CType = 'void' | 'void *' | 'str' | 'int' | 'size_t' | 'const char **'
export type Place = readonly [index: number, result: CType, parameters: readonly CType[]]

/** Of the version that the table below was written down from. */
export const apiVersion = 30

const status = 'void *'
export const places = {
  GetErrorCode: [1, 'int', ['void *']],
  GetErrorMessage: [2, 'str', ['void *']],
  CreateEnv: [3, status, ['int', 'str', 'void *']],
  DisableTelemetryEvents: [6, status, ['void *']],
  CreateSession: [7, status, ['void *', 'str', 'void *', 'void *']],
  CreateSessionFromArray: [8, status, ['void *', 'void *', 'size_t', 'void *', 'void *']],
  CreateSessionOptions: [10, status, ['void *']],
  SetSessionExecutionMode: [13, status, ['void *', 'int']],
  EnableProfiling: [14, status, ['void *', 'str']],
  SetSessionGraphOptimizationLevel: [23, status, ['void *', 'int']],
  SetIntraOpNumThreads: [24, status, ['void *', 'int']],
  SetInterOpNumThreads: [25, status, ['void *', 'int']],
  CreateRunOptions: [39, status, ['void *']],
  RunOptionsSetTerminate: [46, status, ['void *']],
  RunOptionsUnsetTerminate: [47, status, ['void *']],
  CreateTensorAsOrtValue: [48, status, ['void *', 'void *', 'size_t', 'int', 'void *']],
  GetTensorMutableData: [51, status, ['void *', 'void *']],
  GetTensorElementType: [60, status, ['void *', 'void *']],
  GetDimensionsCount: [61, status, ['void *', 'void *']],
  GetDimensions: [62, status, ['void *', 'void *', 'size_t']],
  GetTensorTypeAndShape: [65, status, ['void *', 'void *']],
  CreateMemoryInfo: [68, status, ['str', 'int', 'int', 'int', 'void *']],
  AllocatorFree: [76, status, ['void *', 'void *']],
  GetAllocatorWithDefaultOptions: [78, status, ['void *']],
  ReleaseEnv: [92, 'void', ['void *']],
  ReleaseStatus: [93, 'void', ['void *']],
  ReleaseMemoryInfo: [94, 'void', ['void *']],
  ReleaseSession: [95, 'void', ['void *']],
  ReleaseValue: [96, 'void', ['void *']],
  ReleaseRunOptions: [97, 'void', ['void *']],
  ReleaseTensorTypeAndShapeInfo: [99, 'void', ['void *']],
  ReleaseSessionOptions: [100, 'void', ['void *']],
  SessionEndProfiling: [110, status, ['void *', 'void *', 'void *']],
  AddSessionConfigEntry: [130, status, ['void *', 'str', 'str']],
  CreateAllocator: [131, status, ['void *', 'void *', 'void *']],
  ReleaseAllocator: [132, 'void', ['void *']],
  RunWithBinding: [133, status, ['void *', 'void *', 'void *']],
  CreateIoBinding: [134, status, ['void *', 'void *']],
  ReleaseIoBinding: [135, 'void', ['void *']],
  BindInput: [136, status, ['void *', 'str', 'void *']],
  BindOutput: [137, status, ['void *', 'str', 'void *']],
  BindOutputToDevice: [138, status, ['void *', 'str', 'void *']],
  GetBoundOutputValues: [140, status, ['void *', 'void *', 'void *', 'void *']],
  ClearBoundOutputs: [142, 'void', ['void *']],
  CreateAndRegisterAllocator: [144, status, ['void *', 'void *', 'void *']],
  ReleaseArenaCfg: [157, 'void', ['void *']],
  CreateArenaCfgV2: [164, status, ['const char **', 'void *', 'size_t', 'void *']],
  AddRunConfigEntry: [165, status, ['void *', 'str', 'str']],
  SynchronizeBoundOutputs: [203, status, ['void *']],
  SessionOptionsAppendExecutionProvider_CUDA_V2: [204, status, ['void *', 'void *']],
  CreateCUDAProviderOptions: [205, status, ['void *']],
  UpdateCUDAProviderOptions: [206, status, ['void *', 'const char **', 'const char **', 'size_t']],
  ReleaseCUDAProviderOptions: [208, 'void', ['void *']],
  GetBuildInfoString: [254, 'str', []],
  AddExternalInitializersFromFilesInMemory: [279, status, ['void *', 'const char **', 'void *', 'void *', 'size_t']],
  GetKeyValue: [297, 'str', ['void *', 'str']],
  ReleaseKeyValuePairs: [300, 'void', ['void *']],
  AllocatorGetStats: [319, status, ['void *', 'void *']],
} as const satisfies Record<string, Place>

export type FunctionName = keyof typeof places

interface Passed {
  void: undefined
  /** An address, or a typed array whose memory is used while the call lasts. */
  'void *': bigint | NodeJS.TypedArray | null
  str: string
  int: number
  size_t: number
  'const char **': readonly string[]
}
interface Returned {
  void: undefined
  'void *': bigint | null
  str: string
  int: number
  size_t: number
  'const char **': never
}
type Arguments<T extends readonly CType[]> = { -readonly [I in keyof T]: Passed[T[I]] }
/** The table as functions. */
export type Api = {
  [Name in FunctionName]: (...given: Arguments<(typeof places)[Name][2]>) => Returned[(typeof places)[Name][1]]
}
