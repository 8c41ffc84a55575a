/** The script that holds the table of functions against ONNX Runtime's header finds what stands elsewhere or otherwise. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Declared, declaredFunctions, differing } from '../../../../../scripts/onnxruntime-functions.ts'
import { places } from '../../../../../src/gpu/runtimes/onnxruntime/c-api/functions.ts'

/** In the header's forms: a status, a type of its own, a plain pointer to a function, a release. */
const header = `
#define ORT_API_VERSION 7
struct OrtApi {
  /** \\brief A comment with ; and (brackets) */
  OrtErrorCode(ORT_API_CALL* GetErrorCode)(_In_ const OrtStatus* status) NO_EXCEPTION ORT_ALL_ARGS_NONNULL;
  const char*(ORT_API_CALL* GetBuildInfoString)(void);  // as text
#ifdef _WIN32
#endif
  ORT_API2_STATUS(CreateEnv, OrtLoggingLevel level, _In_ const char* logid,
                  _Outptr_ OrtEnv** out);
  ORT_API2_STATUS(Named, _In_reads_(n) const char* const* names, _In_ const size_t* lengths, size_t n);
  ORT_API2_STATUS(File, _In_ const ORTCHAR_T* path, _Outptr_ char** value);
  ORT_CLASS_RELEASE(Env);
  ORT_API_T(OrtDeviceMemoryType, Kind, _In_ const OrtMemoryInfo* ptr);
};
`

test('members of the struct have their places, results and parameters', () => {
  const { apiVersion, functions } = declaredFunctions(header)
  assert.equal(apiVersion, 7)
  const told = [...functions].map(([name, { index, result, parameters }]) => [index, name, result, parameters.join(', ')])
  assert.deepEqual(told, [
    [0, 'GetErrorCode', 'int', 'void *'],
    [1, 'GetBuildInfoString', 'str', ''],
    [2, 'CreateEnv', 'void *', 'int, str, void *'],
    [3, 'Named', 'void *', 'const char **, void *, size_t'],
    [4, 'File', 'void *', 'str, void *'],
    [5, 'ReleaseEnv', 'void', 'void *'],
    [6, 'Kind', 'int', 'void *'],
  ])
  assert.throws(() => declaredFunctions('struct OrtApi {\n  int what[3];\n};\n#define ORT_API_VERSION 1'), /not understood: int what/)
  assert.throws(() => declaredFunctions('int main(void);'), /not onnxruntime_c_api\.h/)
})

test('a function that moved, takes something else or is gone is named, with the line that belongs there', () => {
  const right = new Map<string, Declared>(
    Object.entries(places).map(([name, [index, result, parameters]]) => [name, { index, result, parameters: [...parameters] }]),
  )
  assert.deepEqual(differing(right), [])
  right.set('RunWithBinding', { ...right.get('RunWithBinding')!, index: 134 })
  right.set('BindInput', { ...right.get('BindInput')!, parameters: ['void *', 'size_t', 'void *'] })
  right.delete('ReleaseEnv')
  assert.deepEqual(differing(right), [
    'ReleaseEnv: the header does not have it',
    'RunWithBinding: [134,"void *",["void *","void *","void *"]],',
    'BindInput: [136,"void *",["void *","size_t","void *"]],',
  ])
})
