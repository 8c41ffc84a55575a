const bits = (kind: string, of: readonly number[]) =>
  Object.fromEntries(of.map((each) => [`${kind}${each}`, `${kind === 'int' ? 'Integers' : 'Floating point'} of ${each} bits.`]))
const weightsFrom = { seeded: 'Values that a seed determines.', file: 'Those of the file that was registered.' }

/** Enum → value → what it means. */
export const valueWords: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  AboveRoofline: {
    inCache: 'The layer moves so little that caches may serve it.',
    fewerFlops: 'An algorithm with fewer flops than the definition exists for it, such as Winograd’s.',
    ceilingTooLow: 'Neither: the device was slower than it can be when the ceiling was measured.',
  },
  BackendName: {
    cpu: 'ONNX Runtime on the CPU.',
    cuda: 'ONNX Runtime on a GPU, by CUDA.',
    node: 'ONNX Runtime on a GPU, by its binding for Node.',
    tensorflow: 'TensorFlow.js on TensorFlow’s own kernels.',
    wasm: 'TensorFlow.js on WebAssembly.',
  },
  Bound: { compute: 'The rate of arithmetic.', memory: 'The rate of memory.' },
  ComparisonSide: { a: 'What the other is held to.', b: 'What is held to it.' },
  ComparisonVerdict: {
    faster: 'Side b takes less time.',
    slower: 'Side b takes more time.',
    noDifferenceShown: 'The measurements do not show a difference.',
  },
  CostColumn: {
    params: 'Trained parameters.',
    macs: 'Multiply-accumulates.',
    flops: 'Flops by the convention asked for.',
    memoryKiB: 'Outputs of layers, KiB.',
    bytesRead: 'Bytes read.',
    bytesWritten: 'Bytes written.',
  },
  CostGrouping: {
    layer: 'A layer each.',
    op: 'Layers of one kind.',
    stage: 'Layers of one resolution.',
    block: 'Layers whose names begin alike.',
  },
  DeviceKind: { cpu: 'A CPU.', cuda: 'An NVIDIA GPU.' },
  Dtype: { file: 'Each tensor as the imported file has it.', ...bits('float', [16, 32]), ...bits('int', [8]) },
  EstimateBasis: {
    progress: 'The comparison’s blocks so far.',
    history: 'Runs of the same workload on this device.',
    cost: 'Multiply-adds at the rate of other networks there.',
    settings: 'Warm-up and minimum duration alone.',
  },
  FileDtype: {
    ...bits('float', [4, 8, 16, 32, 64]),
    ...bits('int', [2, 4, 8, 16, 32, 64]),
    bfloat16: 'Floating point of 16 bits with the exponent of float32.',
    bool: 'True or false, a byte each.',
  },
  FindingUnit: {
    bytes: 'Bytes.',
    params: 'Trained parameters.',
    macs: 'Multiply-accumulates.',
    flops: 'Floating-point operations.',
    layers: 'Layers.',
    times: 'A ratio.',
  },
  LayerChangeKind: {
    kept: 'It stays as it was.',
    changed: 'It stays and does something else.',
    added: 'It is new.',
    removed: 'It is gone.',
  },
  LayerStatus: {
    same: 'Both have it, and it does the same.',
    changed: 'Both have it, and it differs.',
    added: 'The second network alone has it.',
    removed: 'The first network alone has it.',
  },
  Precision: { float32: 'IEEE 754 single precision.', float16: 'IEEE 754 half precision.' },
  RunSettingsConvSearch: {
    exhaustive: 'All are tried at the first call.',
    heuristic: 'cuDNN guesses.',
    default: 'One and the same for all.',
  },
  RunSettingsGraphOptimization: {
    disabled: 'The graph as it is.',
    basic: 'Constants folded.',
    extended: 'Nodes fused as well.',
    all: 'Layouts changed as well.',
  },
  RunSettingsLayout: { nchw: 'Channels before positions.', nhwc: 'Channels last.' },
  RunSettingsMode: {
    endToEnd: 'From input on the host to output on the host.',
    resident: 'Input and output stay on the device.',
  },
  RunSettingsScenario: {
    singleStream: 'One call after the other, each timed.',
    offline: 'Calls back to back, timed in blocks.',
  },
  RunStatus: {
    queued: 'It waits for its device.',
    running: 'It is being timed.',
    succeeded: 'It has a result.',
    failed: 'It ended with an error.',
    cancelled: 'Somebody ended it.',
    timedOut: 'It took longer than it was allowed.',
  },
  RuntimeName: { onnxruntime: 'ONNX Runtime.', tfjs: 'TensorFlow.js.' },
  RuntimeSetting: {
    graphOptimization: 'How far the graph is rewritten before it runs.',
    tf32: 'Whether factors may be rounded to TF32.',
    mode: 'Whether copies from and to the host are part of a call.',
    cudaGraph: 'Whether the kernels of a call are launched as one graph.',
    layout: 'The order of data within tensors.',
    convSearch: 'How the algorithm of a convolution is chosen.',
    fuseConvBias: 'Whether a convolution and its bias are one operation.',
  },
  SweepStatus: { queued: 'None has started.', running: 'Some have started.', finished: 'All have ended.' },
  Verdict: {
    valid: 'It can be defended.',
    suspect: 'Something weakens it; the reasons say what.',
    invalid: 'It says nothing of the network; the reasons say why.',
  },
  WeightOrigin: { kept: 'As they were.', derived: 'From others by a formula.', new: 'To be learned.' },
  WeightsOrigin: weightsFrom,
}
