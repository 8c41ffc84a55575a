/** The networks of `npm run test:corpus`, and the ways each is exported. Images are as small as a network permits, to save time. */

export interface FileSpec {
  /** Of the file and of everything kept beside it. */
  name: string
  exporter: 'dynamo' | 'torchscript'
  batch: 'open' | 'one'
  /** Whether weights lie in a file beside it; torchscript writes one file. */
  external: boolean
  /** What is done with the file by ONNX Runtime: quantized in one of two forms, or optimized at a level. */
  treatment?: 'qdq' | 'qoperator' | 'extended' | 'all'
}

export interface NetworkSpec {
  library: 'timm' | 'torchvision' | 'ultralytics'
  model: string
  options?: Record<string, unknown>
  /** Shape of one image. */
  input: [number, number, number]
  files: FileSpec[]
}

const ways: Record<string, Omit<FileSpec, 'name'>> = {
  dynamo: { exporter: 'dynamo', batch: 'one', external: true },
  'dynamo-open': { exporter: 'dynamo', batch: 'open', external: false },
  torchscript: { exporter: 'torchscript', batch: 'one', external: false },
  'torchscript-open': { exporter: 'torchscript', batch: 'open', external: false },
  qdq: { exporter: 'torchscript', batch: 'open', external: false, treatment: 'qdq' },
  qoperator: { exporter: 'torchscript', batch: 'open', external: false, treatment: 'qoperator' },
  'ort-extended': { exporter: 'torchscript', batch: 'one', external: false, treatment: 'extended' },
  'ort-all': { exporter: 'torchscript', batch: 'one', external: false, treatment: 'all' },
}

/** `model`, `model@size`; how it is exported where not by the older exporter with an open batch. */
type Line = string | readonly [string, readonly string[]]

const lines: Record<NetworkSpec['library'], readonly Line[]> = {
  torchvision: [
    ['convnext_tiny@64', ['dynamo', 'torchscript-open']],
    ['swin_t@224', ['dynamo', 'torchscript-open']],
    ['resnet18@64', ['dynamo-open', 'ort-all']],
    ['resnet50@64', ['qdq', 'qoperator']],
    'swin_v2_t@224',
    'maxvit_t@224',
    'mobilenet_v2@64',
    ['mobilenet_v3_small@64', ['dynamo-open', 'ort-all']],
    'shufflenet_v2_x0_5@64',
    ['squeezenet1_1@64', ['dynamo']],
    'mnasnet0_5@64',
    'regnet_y_400mf@64',
    ['googlenet@64', ['dynamo']],
    'densenet121@64',
    'efficientnet_b0@64',
    'inception_v3@96',
    'lraspp_mobilenet_v3_large@64',
    'deeplabv3_mobilenet_v3_large@64',
    'resnext50_32x4d@64',
    'fcn_resnet50@64',
  ],
  timm: [
    ['convnext_tiny@64', ['dynamo', 'dynamo-open', 'torchscript-open']],
    ['nasnetalarge@96', ['torchscript-open']],
    ['levit_128s@224', ['dynamo']],
    ['edgenext_xx_small@64', ['dynamo-open']],
    ['mobilevit_xxs@64', ['dynamo-open']],
    'ghostnet_100@64',
    ['deit_tiny_patch16_224@224', ['torchscript-open', 'ort-extended']],
    ['lcnet_050@64', ['dynamo']],
    'tinynet_e@64',
    ['starnet_s1@64', ['dynamo']],
    'mobilevitv2_050@64',
    ['convnextv2_atto@64', ['dynamo-open']],
    ['inception_next_atto@64', ['dynamo-open']],
    'efficientvit_b0@64',
    'fastvit_t8@64',
    'repvit_m0_9@64',
    'pvt_v2_b0@64',
    'mixnet_s@64',
    'mobilenetv4_conv_small@64',
    ['repvgg_a0@64', ['dynamo']],
    'mobileone_s0@64',
    'hgnetv2_b0@64',
    'ese_vovnet19b_dw@64',
    'resnest14d@64',
    'skresnet18@64',
    'dla34@64',
    'nf_resnet26@64',
    ['eca_nfnet_l0@64', ['dynamo']],
    'ecaresnet26t@64',
    'seresnext26d_32x4d@64',
    'selecsls42@64',
    'dpn68@64',
    'lambda_resnet26t@64',
    'poolformer_s12@64',
    'xcit_nano_12_p16_224@224',
    'pit_ti_224@224',
    'gmlp_ti16_224@224',
    'mixer_s32_224@224',
    ['coatnet_nano_rw_224@224', ['dynamo']],
    'tiny_vit_5m_224@224',
    'efficientformerv2_s0@224',
    'eva02_tiny_patch14_224@224',
    'gcvit_xxtiny@224',
    'crossvit_tiny_240@240',
    'hrnet_w18_small@64',
    ['focalnet_tiny_srf@64', ['dynamo']],
    'mvitv2_tiny@224',
    'davit_tiny@64',
    'visformer_tiny@224',
  ],
  ultralytics: [
    'yolov8n@64',
    'yolov5n@64',
    'yolov8n-cls@64',
    'yolov8n-seg@64',
    'yolov8n-pose@64',
    'yolo11n@64',
    'yolov10n@64',
    'yolo12n@64',
    'yolo26n@64',
    'yolov9t@64',
  ],
}

/** Those that show most come first, so that a run that is cut short has them; the libraries then take turns. */
const first = ['convnext_tiny', 'swin_t', 'yolov8n', 'resnet18', 'resnet50', 'mobilenet_v3_small', 'levit_128s', 'edgenext_xx_small']

/** How a network is named in the table: timm and torchvision share names. */
export const nameOf = ({ library, model }: Pick<NetworkSpec, 'library' | 'model'>): string => `${library}/${model}`

function networkOf(library: NetworkSpec['library'], line: Line): NetworkSpec {
  const [text, names] = typeof line === 'string' ? [line, ['torchscript-open']] : line
  const [model, size] = text.split('@') as [string, string]
  return {
    library,
    model,
    input: [3, Number(size), Number(size)],
    files: names.map((way) => ({ name: `${library}.${model}.${way}`, ...ways[way]! })),
  }
}

export const networks: readonly NetworkSpec[] = Object.entries(lines)
  .flatMap(([library, all]) =>
    all.map((line, i) => ({ network: networkOf(library as NetworkSpec['library'], line), turn: i / all.length })),
  )
  .map(({ network, turn }) => ({ network, rank: first.includes(network.model) ? first.indexOf(network.model) - first.length : turn }))
  .sort((a, b) => a.rank - b.rank)
  .map(({ network }) => network)
