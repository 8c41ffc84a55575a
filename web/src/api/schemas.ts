// Written by `npm run schemas`.
export type paths = Record<string, never>;
export interface webhooks {
    runEvent: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * An event of a run, as a webhook gets it
         * @description Signed by the Standard Webhooks specification. Sent until the answer has a status of 200 to 299, or for WEBHOOK_RETRY_HOURS.
         */
        post: operations["receiveRunEvent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export interface components {
    schemas: {
        /**
         * AboveRoofline
         * @description Why `rooflineShare` is above 1; null where it is not. inCache: the layer moves fewer bytes than the one that the memory ceiling was measured with, so caches may serve it. fewerFlops: an algorithm with fewer flops than the definition exists for it, such as Winograd’s. ceilingTooLow: neither, so the device was slower than it can be when the ceiling was measured.
         * @enum {string}
         */
        AboveRoofline: "inCache" | "fewerFlops" | "ceilingTooLow";
        /** AbsentDevices */
        AbsentDevices: {
            command: string | null;
            host: string;
            /** @enum {string} */
            kind: "cpu" | "cuda";
            reason: string;
        };
        /**
         * Advice
         * @description What dominates a network’s cost, and what would be cheaper.
         */
        Advice: {
            batch: number;
            best: components["schemas"]["BestRewrites"];
            findings: components["schemas"]["Finding"][];
            prediction: components["schemas"]["AdvicePrediction"] | null;
            /** @description Rewrites that apply and save something, the largest share of anything first. */
            savings: components["schemas"]["Saving"][];
        };
        /**
         * AdvicePrediction
         * @description What saved times rest on. Its error is of networks: a difference may be off by more.
         */
        AdvicePrediction: {
            device: string;
            deviceUuid: string;
            error: components["schemas"]["PredictionError"];
            /** @description Predicted median of a call of the network as it is, in float32. */
            latencyMs: number;
            runtime: components["schemas"]["RuntimeName"];
        };
        /**
         * Agreement
         * @description How far the output agrees with that of the latest earlier run on another runtime with the same architecture, batch, precision, resolution, sizes, weights and seed, on any device. Null where there is none.
         */
        Agreement: {
            /** @description Elements compared: all outputs in order, at most the first 65536. */
            elements: number;
            maxAbs: number | null;
            maxAbsDifference: number | null;
            reason: string | null;
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            runId: string;
            runtime: components["schemas"]["RuntimeName"];
        };
        /** AppliedRewrite */
        AppliedRewrite: {
            /** @description Layers that it changed; empty for one of the network as a whole. */
            applied: string[];
            exact: boolean;
            givesUp: string;
            layers?: string[];
            /** @description Every option written out. */
            options: {
                [key: string]: unknown;
            };
            rewrite: string;
            /** @description Layers that it left, the first 200, and why. */
            skipped: {
                layerId: string;
                reason: string;
            }[];
        };
        /** Architecture */
        Architecture: {
            /** @description For one image at the resolution registered. Multiply-accumulates are the same under every convention. */
            counts: {
                layers: number;
                macs: number;
                params: number;
                /** @description True where layers that may multiply could not be counted: macs is the sum over the others. */
                partial: boolean;
                /** @description Operators that could not be counted, and how many layers of each. */
                uncounted: {
                    layers: number;
                    operator: string;
                }[];
            };
            /** Format: date-time */
            createdAt: string;
            /**
             * @description SHA-256 of the canonical graph, and of the file where it has weights of its own; the name is not part of it.
             * @example sha256:0000000000000000000000000000000000000000000000000000000000000000
             */
            digest: string;
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            links: {
                costs: string;
                graph: string;
                self: string;
            };
            name: string;
            source: components["schemas"]["ArchitectureSource"];
        };
        /**
         * ArchitectureChange
         * @description What became of an architecture.
         * @enum {string}
         */
        ArchitectureChange: "registered" | "deleted";
        /** ArchitecturePage */
        ArchitecturePage: {
            items: components["schemas"]["Architecture"][];
            nextCursor: string | null;
            /** @description All that fit, on whatever page; only where `total=true` asks for it. */
            total?: number;
        };
        /**
         * ArchitecturePreview
         * @description What would be registered, and what it costs for one image under the convention `lecture`.
         */
        ArchitecturePreview: {
            /**
             * @description SHA-256 of the canonical graph, and of the file where it has weights of its own; the name is not part of it.
             * @example sha256:0000000000000000000000000000000000000000000000000000000000000000
             */
            digest: string;
            /** @description Its inputs, at the size counted. */
            inputs: {
                id: string;
                shape: number[];
            }[];
            /** @description The name that was given. */
            name: string;
            source: components["schemas"]["ArchitectureSource"];
            totals: components["schemas"]["CostTotals"];
        };
        /**
         * ArchitectureSource
         * @description What was registered: a graph, a reference to the zoo with every option written out, a model of Keras or TF.js, an ONNX file, or another architecture and what was done to it.
         */
        ArchitectureSource: {
            /** @enum {string} */
            kind: "json";
        } | {
            family: string;
            /** @enum {string} */
            kind: "zoo";
            options: {
                [key: string]: unknown;
            };
            preset?: string;
        } | {
            /** @enum {string} */
            kind: "keras" | "tfjs";
        } | {
            file: {
                bytes: number;
                /** @description Files of external data beside the model; absent where there are none. */
                data?: {
                    bytes: number;
                    /** @description SHA-256 of the file. */
                    digest: string;
                    /** @description The model’s name for it. */
                    location: string;
                }[];
                /** @description SHA-256 of the file. */
                digest: string;
            } | null;
            /** @enum {string} */
            kind: "onnx";
            report: {
                /** @description The first dim of the inputs as the file states it. */
                batch: "symbolic" | number;
                /** @description Files beside the model that it names for its numbers. */
                externalData: string[];
                /** @description Nodes that were computed at import: constants and shapes. */
                folded: number;
                irVersion: number;
                /** @description Nodes of the file, local functions written out. */
                nodes: number;
                notes: string[];
                /** @description How many nodes of each operator. */
                operators: {
                    [key: string]: number;
                };
                /** @description Version by domain; "" is ONNX’s own. */
                opset: {
                    [key: string]: number;
                };
                parameters: {
                    /** @description Elements of running statistics and fixed tables. */
                    buffers: number;
                    /** @description Elements of float initializers that are neither: scalars, attributes, what nobody reads. */
                    constants: number;
                    differences: {
                        /** @description What a count of every float initializer has more than `params`; negative where it has less. */
                        elements: number;
                        tensor: string;
                        why: string;
                    }[];
                    /** @description What a count of every float initializer gives: params and the differences. */
                    floatInitializerElements: number;
                    /** @description Elements of tensors that feed a weight, bias, scale or table: what is learned. */
                    params: number;
                };
                /** @description The program that wrote the file. */
                producer: string;
                /**
                 * @description Which weights the file holds the numbers of.
                 * @enum {string}
                 */
                weights: "all" | "some" | "none";
            };
            /** @description Sizes that the file leaves open, as they were asked for; absent where none were. */
            sizes?: {
                dims?: {
                    [key: string]: number;
                };
                inputShape?: number[];
            };
        } | {
            file: {
                bytes: number;
                /** @description Files of external data beside the model; absent where there are none. */
                data?: {
                    bytes: number;
                    /** @description SHA-256 of the file. */
                    digest: string;
                    /** @description The model’s name for it. */
                    location: string;
                }[];
                /** @description SHA-256 of the file. */
                digest: string;
            } | null;
            /** @enum {string} */
            kind: "rewrite";
            /** @description What was rewritten, as it was then. */
            parent: {
                digest: string;
                /**
                 * Format: uuid
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                id: string;
                name: string;
            };
            /** @description What was done to it, every option written out. */
            recipe: components["schemas"]["RewriteStep"][];
            report: {
                /** @description The first dim of the inputs as the file states it. */
                batch: "symbolic" | number;
                /** @description Files beside the model that it names for its numbers. */
                externalData: string[];
                /** @description Nodes that were computed at import: constants and shapes. */
                folded: number;
                irVersion: number;
                /** @description Nodes of the file, local functions written out. */
                nodes: number;
                notes: string[];
                /** @description How many nodes of each operator. */
                operators: {
                    [key: string]: number;
                };
                /** @description Version by domain; "" is ONNX’s own. */
                opset: {
                    [key: string]: number;
                };
                parameters: {
                    /** @description Elements of running statistics and fixed tables. */
                    buffers: number;
                    /** @description Elements of float initializers that are neither: scalars, attributes, what nobody reads. */
                    constants: number;
                    differences: {
                        /** @description What a count of every float initializer has more than `params`; negative where it has less. */
                        elements: number;
                        tensor: string;
                        why: string;
                    }[];
                    /** @description What a count of every float initializer gives: params and the differences. */
                    floatInitializerElements: number;
                    /** @description Elements of tensors that feed a weight, bias, scale or table: what is learned. */
                    params: number;
                };
                /** @description The program that wrote the file. */
                producer: string;
                /**
                 * @description Which weights the file holds the numbers of.
                 * @enum {string}
                 */
                weights: "all" | "some" | "none";
            } | null;
            weights: {
                derived: number;
                kept: number;
                new: number;
            };
        };
        /**
         * AuditAction
         * @description A change that somebody can ask for.
         * @enum {string}
         */
        AuditAction: "registerArchitecture" | "rewriteArchitecture" | "deleteArchitecture" | "createRun" | "cancelRun" | "cancelRuns" | "setRunPriority" | "createSweep" | "cancelSweep" | "createKey" | "revokeKey" | "setQuotas" | "setKeyWeight" | "setDeviceState" | "createWebhook" | "updateWebhook" | "deleteWebhook" | "rotateWebhookSecret" | "testWebhook" | "redeliverWebhook" | "getBackup";
        /**
         * AuditEntry
         * @description Who asked for which change, and what became of it.
         */
        AuditEntry: {
            action: components["schemas"]["AuditAction"];
            /** Format: date-time */
            at: string;
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            keyId: string | null;
            keyPrefix: string | null;
            /**
             * @description `done`; `unchanged` where nothing was left to change; or the code of the refusal.
             * @example done
             * @example unchanged
             * @example FORBIDDEN
             */
            outcome: string;
            requestId: string | null;
            role: components["schemas"]["Role"];
            subjectId: string | null;
            subjectKind: components["schemas"]["AuditSubject"];
        };
        /** AuditPage */
        AuditPage: {
            items: components["schemas"]["AuditEntry"][];
            nextCursor: string | null;
            /** @description All that fit, on whatever page; only where `total=true` asks for it. */
            total?: number;
        };
        /**
         * AuditSubject
         * @description Of what kind it is that the change is about.
         * @enum {string}
         */
        AuditSubject: "architecture" | "run" | "sweep" | "key" | "device" | "webhook" | "delivery" | "database";
        /**
         * BackendName
         * @description The part of a runtime that executes: cpu and cuda are ONNX Runtime’s execution providers, tensorflow and wasm are back ends of TensorFlow.js. If left out, the first that works on the device, in the order in which the device lists them.
         * @enum {string}
         */
        BackendName: "cpu" | "cuda" | "node" | "tensorflow" | "wasm";
        /**
         * BestRewrites
         * @description The rewrite that saves the most of each.
         */
        BestRewrites: {
            macs: string | null;
            memoryKiB: string | null;
            ms: string | null;
            params: string | null;
        };
        /**
         * BlockFigure
         * @description Of calls with the whole batch.
         */
        BlockFigure: {
            medianMs: number;
            samples: number;
        };
        /**
         * BottleneckPlace
         * @enum {string}
         */
        BottleneckPlace: "device" | "link";
        /**
         * Bound
         * @description The ceiling that limits the row; null where there is nothing to compute or move.
         * @enum {string}
         */
        Bound: "compute" | "memory";
        /**
         * CancelledRuns
         * @description How many runs a filter cancelled.
         */
        CancelledRuns: {
            /** @description Runs that waited and are cancelled. */
            cancelled: number;
            /** @description Runs in progress that are being stopped; their last events tell when they have. */
            requested: number;
        };
        /**
         * Ceilings
         * @description The best rates of the device under this runtime, threads and precision; measured right after the profile, in the same way.
         */
        Ceilings: {
            compute: components["schemas"]["ComputeCeiling"];
            durationMs: number;
            memory: components["schemas"]["MemoryCeiling"];
        };
        /** Certificate */
        Certificate: {
            reasons: components["schemas"]["CertificateReason"][];
            verdict: components["schemas"]["Verdict"];
        };
        /** CertificateReason */
        CertificateReason: {
            code: string;
            message: string;
        };
        /** ComparedFigures */
        ComparedFigures: {
            bytesRead: number;
            bytesWritten: number;
            flops: number;
            layers: number;
            macs: number;
            /** @description Outputs of all layers. */
            memoryKiB: number;
            /** @description Outputs of the layers that multiply: the convolution and fully connected rows by which lectures compare memory. */
            multiplyingMemoryKiB: number;
            outputElements: number;
            params: number;
            peakActivationBytes: number;
            /** @description To train with Adam, every activation kept. */
            trainingBytes: number;
            weightBytes: number;
        };
        /** ComparedNetwork */
        ComparedNetwork: {
            /**
             * @description As it was asked for.
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            architecture: string;
            inputs: {
                id: string;
                shape: number[];
            }[];
            name: string;
            /** @description Layers that may multiply could not be counted: macs and flops are of the rest. */
            partial: boolean;
            ranking: components["schemas"]["CostRanking"];
            ratios: components["schemas"]["FigureRatios"];
            totals: components["schemas"]["ComparedFigures"];
        };
        /**
         * Comparison
         * @description Of two sides timed in turns. The interval comes from the rounds’ ratios by rank (Wilcoxon; Hodges and Lehmann), so it includes the variation from process to process.
         */
        Comparison: {
            a: components["schemas"]["BlockFigure"];
            b: components["schemas"]["BlockFigure"];
            /**
             * @description The confidence of the verdict: equal sides are called different with a probability of at most 1 minus this.
             * @example 0.99
             */
            confidence: number;
            /** @description Conditions in which the two differ, on purpose or not: device, driver, runtime, clocks, settings. */
            differences: components["schemas"]["ConditionDifference"][];
            /** @description Of the ratio, at `confidence`. */
            interval: [
                number,
                number
            ];
            /** @description Time per image of b over that of a: below 1, b is faster. */
            ratio: number;
            rounds: components["schemas"]["ComparisonRound"][];
            verdict: components["schemas"]["ComparisonVerdict"];
        };
        /** ComparisonRound */
        ComparisonRound: {
            a: components["schemas"]["BlockFigure"];
            b: components["schemas"]["BlockFigure"];
            first: components["schemas"]["ComparisonSide"];
            ratio: number;
        };
        /**
         * ComparisonSide
         * @enum {string}
         */
        ComparisonSide: "a" | "b";
        /**
         * ComparisonVerdict
         * @description Of b against a.
         * @enum {string}
         */
        ComparisonVerdict: "faster" | "slower" | "noDifferenceShown";
        /**
         * ComputeCeiling
         * @description The highest rate of a few dense layers.
         */
        ComputeCeiling: {
            flopsPerSecond: number;
            /** @description The highest rate, counted in flops that any algorithm must do: it cannot exceed the device’s peak. */
            leastFlopsPerSecond?: number;
            /** @description The layer that reached it, and its time. */
            measuredWith: string;
        };
        /** ConditionDifference */
        ConditionDifference: {
            a: string;
            b: string;
            /** @example driver */
            what: string;
        };
        /**
         * Convention
         * @description A way to count flops, and where it comes from.
         */
        Convention: {
            /** @description A definition in words, complete enough to recompute a figure by hand. */
            definition: string;
            /** @description What `convention` takes. */
            name: string;
            /** @description Lecture, paper, or tool and version. */
            source: string;
            /** @description What it counts, in a line. */
            summary: string;
        };
        /** ConventionList */
        ConventionList: {
            items: components["schemas"]["Convention"][];
        };
        /** CopyTimes */
        CopyTimes: {
            deviceToHost: number;
            hostToDevice: number;
        };
        /**
         * CostComparison
         * @description Networks side by side; of two also how they differ, layer by layer, and what that costs.
         */
        CostComparison: {
            batch: number;
            /** @description The convention that flops are counted by. */
            convention: string;
            diff: components["schemas"]["StructuralDiff"] | null;
            /** @enum {string} */
            dtype: "float32" | "float16" | "int8" | "file";
            networks: components["schemas"]["ComparedNetwork"][];
            noDiff: string | null;
        };
        /**
         * CostDifference
         * @description The second network’s minus the first’s.
         */
        CostDifference: {
            bytesRead: number;
            bytesWritten: number;
            flops: number;
            macs: number;
            memoryKiB: number;
            params: number;
        };
        /** CostGroup */
        CostGroup: {
            bytesRead: number;
            bytesWritten: number;
            cumulative: components["schemas"]["CostShares"];
            flops: number;
            /** @description The layer’s id, the op, the stage or the block. */
            key: string;
            layers: number;
            macs: number;
            memoryKiB: number;
            params: number;
            share: components["schemas"]["CostShares"];
            /** @description Layers of the group that could not be counted. */
            uncounted: number;
        };
        /**
         * CostRanking
         * @description Costs by group. Groups and rest together are the totals.
         */
        CostRanking: {
            /**
             * @description What a row of a ranking stands for.
             * @enum {string}
             */
            groupBy: "layer" | "op" | "stage" | "block";
            /** @description With `share` of the total each, and `cumulative`: that of the group and those above it. */
            groups: components["schemas"]["CostGroup"][];
            rest: components["schemas"]["CostRest"] | null;
            sort: ("params" | "macs" | "flops" | "memoryKiB" | "bytesRead" | "bytesWritten") | null;
        };
        /**
         * CostRest
         * @description Sums over the groups that `top` left out.
         */
        CostRest: {
            bytesRead: number;
            bytesWritten: number;
            flops: number;
            groups: number;
            layers: number;
            macs: number;
            memoryKiB: number;
            params: number;
        };
        /** Costs */
        Costs: {
            batch: number;
            /** @description The convention that flops are counted by. */
            convention: string;
            /** @enum {string} */
            dtype: "float32" | "float16" | "int8" | "file";
            inputs: {
                id: string;
                shape: number[];
            }[];
            /** @description Every layer, in order; empty where a ranking was asked for. */
            layers: components["schemas"]["LayerCost"][];
            ranking?: components["schemas"]["CostRanking"];
            totals: components["schemas"]["CostTotals"];
            training: components["schemas"]["TrainingMemory"];
            /** @description Layers that could not be counted; the sums leave them out. */
            uncounted: {
                id: string;
                reason: string;
                /** @description The operator, by the file’s own name. */
                type: string;
            }[];
        };
        /**
         * CostsDifference
         * @description Sums of the items.
         */
        CostsDifference: {
            /** @description `to` − `from`: negative where the convention `to` counts less. */
            difference: number;
            /** @description Flops under the convention `from`. */
            from: number;
            /** @description Flops under the convention `to`. */
            to: number;
        };
        /** CostsExplanation */
        CostsExplanation: {
            batch: number;
            /** @description The convention that is compared from. */
            from: string;
            inputs: {
                id: string;
                shape: number[];
            }[];
            /** @description Every kind of layer that either convention counts, the largest difference first. */
            items: components["schemas"]["CostsExplanationItem"][];
            /** @description The convention that is compared to. */
            to: string;
            totals: components["schemas"]["CostsDifference"];
            /** @description Layers that could not be counted; the sums leave them out. */
            uncounted: {
                id: string;
                reason: string;
                /** @description The operator, by the file’s own name. */
                type: string;
            }[];
        };
        /** CostsExplanationItem */
        CostsExplanationItem: {
            /** @description `to` − `from`: negative where the convention `to` counts less. */
            difference: number;
            /** @description Flops under the convention `from`. */
            from: number;
            /** @description Layers of this kind. */
            layers: number;
            /** @description Flops under the convention `to`. */
            to: number;
            /** @description The kind of layer. */
            type: string;
            /** @description How each of the two counts this kind. */
            why: string;
        };
        /**
         * CostShares
         * @description Parts of the totals, 0 to 1; 0 where the total is 0.
         */
        CostShares: {
            bytesRead: number;
            bytesWritten: number;
            flops: number;
            macs: number;
            memoryKiB: number;
            params: number;
        };
        /**
         * CostTotals
         * @description Sums of the layers.
         */
        CostTotals: {
            arithmeticIntensity: number;
            /** @description Running statistics: stored, not learned. */
            buffers: number;
            bytesRead: number;
            bytesWritten: number;
            flops: number;
            layers: number;
            macs: number;
            macsByPrecision: components["schemas"]["MacsByPrecision"];
            /** @description Over all layers. */
            memoryKiB: number;
            outputElements: number;
            params: number;
            /** @description True where layers that may multiply could not be counted (`uncounted`): macs and flops are sums over the others. */
            partial: boolean;
            /** @description Largest amount alive at once, with buffers reused. */
            peakActivationBytes: number;
            peakActivationLayer: string | null;
            /** @description Parameters and buffers at the dtype; with `file` as they are stored there, packed, without scales and zero points. */
            weightBytes: number;
        };
        /** CpuCache */
        CpuCache: {
            bytes: number;
            level: number;
            /** @description Logical CPUs. */
            sharedBy: number;
            /**
             * @example data
             * @example instruction
             * @example unified
             */
            type: string;
        };
        /** CpuFacts */
        CpuFacts: {
            /** @description Of one core, the nearest first. */
            caches: components["schemas"]["CpuCache"][];
            /** @description Physical cores that the service may use. */
            cores: number;
            frequencyMHz: components["schemas"]["CpuFrequency"];
            governor: string | null;
            /** @description Instruction sets that decide which kernels a runtime picks. */
            isa: string[];
            /** @description Of the host. */
            logicalCpus: number;
        };
        /** CpuFrequency */
        CpuFrequency: {
            current: number | null;
            max: number | null;
        };
        /**
         * DeliveryStatus
         * @description What became of a delivery.
         * @enum {string}
         */
        DeliveryStatus: "pending" | "delivered" | "failed";
        /** Device */
        Device: {
            /** @description host/name: unambiguous where several hosts serve. */
            address: string;
            computeCapability: string | null;
            cores: number | null;
            cpu: components["schemas"]["CpuFacts"] | null;
            driver: string | null;
            gpu: components["schemas"]["GpuFacts"] | null;
            /** @description Since when it starts nothing, and why; null for an active one. */
            hold: components["schemas"]["DeviceHold"] | null;
            host: string;
            /** @enum {string} */
            kind: "cpu" | "cuda";
            /** @description Whether the service that answers runs on it. */
            local: boolean;
            memoryBytes: number;
            memoryFreeBytes: number | null;
            model: string;
            /**
             * @description On its host.
             * @example cpu:0
             * @example cuda:0
             */
            name: string;
            /** @description One entry per runtime and back end. A run that names no back end gets the first usable one of its runtime. */
            runtimes: components["schemas"]["RuntimeOnDevice"][];
            state: components["schemas"]["DeviceState"];
            uuid: string;
        };
        /**
         * DeviceChange
         * @description What became of a device.
         * @enum {string}
         */
        DeviceChange: "appeared" | "changed" | "vanished";
        /**
         * DeviceHold
         * @description Since when the device starts nothing, and why.
         */
        DeviceHold: {
            by: string | null;
            note: string | null;
            /**
             * Format: date-time
             * @description When it was paused or drained.
             */
            since: string;
        };
        /** DeviceList */
        DeviceList: {
            /** @description Kinds of device that a host lacks, and why. */
            absent: components["schemas"]["AbsentDevices"][];
            items: components["schemas"]["Device"][];
        };
        /** DeviceQueue */
        DeviceQueue: {
            device: string;
            deviceUuid: string;
            /** @description Since when it starts nothing, and why; null for an active one. */
            hold: components["schemas"]["DeviceHold"] | null;
            host: string;
            running: components["schemas"]["RunningEntry"] | null;
            state: components["schemas"]["DeviceState"];
            /** @description In the order they will run; the first hundred. */
            waiting: components["schemas"]["WaitingEntry"][];
            waitingCount: number;
        };
        /**
         * DeviceState
         * @description Whether the device starts what waits for it.
         * @enum {string}
         */
        DeviceState: "active" | "paused" | "drained" | "draining";
        /**
         * DeviceStateChange
         * @description What a device is to do.
         */
        DeviceStateChange: {
            /**
             * @description For those whose runs wait: why, and until when.
             * @example new driver, until noon
             */
            note?: string;
            state: components["schemas"]["RequestedDeviceState"];
        };
        /**
         * EstimateBasis
         * @description The basis of the estimate: `progress`, the time of the comparison’s blocks so far; `history`, the time of runs of the same workload on this device; `prediction`, the latency predicted for its network when it was queued; `cost`, multiply-adds at the rate of other networks there; `settings`, warm-up and minimum duration alone. For several runs, the weakest of theirs.
         * @enum {string}
         */
        EstimateBasis: "progress" | "history" | "prediction" | "cost" | "settings";
        /** ExpandedZooPreset */
        ExpandedZooPreset: {
            /** @description Of its graph: an architecture registered from this preset has the same. */
            digest: string;
            /** @description Layers of its graph. */
            layers: number;
            /** @description Multiply-accumulates for one image at its own resolution, worked out by this service. */
            macs: number;
            name: string;
            /** @description Those that differ from the family’s defaults. */
            options: {
                [key: string]: unknown;
            };
            /** @description Parameters, worked out by this service. */
            params: number;
            /** @description Activations alive at once for one such image in float32, at most. */
            peakActivationBytes: number;
            published: components["schemas"]["PublishedFigure"][];
            summary: string;
            top1: number | null;
        };
        /** ExportedGraph */
        ExportedGraph: {
            /**
             * @description The network works at one image a call alone, since a layer mixes the images of a batch. Default: at any batch.
             * @enum {number}
             */
            fixedBatch?: 1;
            inputs: {
                id: string;
                shape: number[];
            }[];
            layers: ({
                id: string;
                inputs: string[];
                params?: {
                    [key: string]: number;
                };
                type: string;
                weightsOf?: string;
            } & {
                [key: string]: unknown;
            })[];
            name: string;
            outputs: string[];
        };
        /**
         * FigureRatios
         * @description Each figure divided by the first network’s; null where that is 0.
         */
        FigureRatios: {
            bytesRead: number | null;
            bytesWritten: number | null;
            flops: number | null;
            layers: number | null;
            macs: number | null;
            memoryKiB: number | null;
            multiplyingMemoryKiB: number | null;
            outputElements: number | null;
            params: number | null;
            peakActivationBytes: number | null;
            trainingBytes: number | null;
            weightBytes: number | null;
        };
        /** Finding */
        Finding: {
            /** @description The rule is true of this network. */
            holds: boolean;
            /** @description Layers that the figure is about, the largest first, at most 10. */
            layers: string[];
            name: string;
            /** @description The rule that was checked. */
            rule: string;
            runId: string | null;
            share: number | null;
            /** @description Where the rule comes from. */
            source: string;
            /** @description What was found, in a sentence with the figure. */
            statement: string;
            unit: components["schemas"]["FindingUnit"];
            value: number;
        };
        /**
         * FindingUnit
         * @enum {string}
         */
        FindingUnit: "bytes" | "params" | "macs" | "flops" | "layers" | "times" | "ms";
        /** GpuClockRange */
        GpuClockRange: {
            current: components["schemas"]["GpuClocks"];
            max: components["schemas"]["GpuClocks"];
        };
        /** GpuClocks */
        GpuClocks: {
            graphics: number | null;
            memory: number | null;
            sm: number | null;
        };
        /**
         * GpuFacts
         * @description As reported by the driver when the device was last checked. Null where it reports nothing.
         */
        GpuFacts: {
            clocksMHz: components["schemas"]["GpuClockRange"];
            cudaVersion: string | null;
            ecc: boolean | null;
            mig: boolean | null;
            pciBusId: string | null;
            persistence: boolean | null;
            powerLimitWatts: components["schemas"]["GpuPowerLimit"];
            /** @description Processes that hold the GPU, as far as the driver shows them here. */
            processes: components["schemas"]["GpuProcess"][];
        };
        /** GpuPowerLimit */
        GpuPowerLimit: {
            current: number | null;
            default: number | null;
            max: number | null;
        };
        /** GpuProcess */
        GpuProcess: {
            name: string;
            pid: number;
            usedBytes: number | null;
        };
        /**
         * Graph
         * @description The verified graph: layers in topological order, every attribute written out. It can be registered as it is.
         */
        Graph: {
            /**
             * @description The network works at one image a call alone, since a layer mixes the images of a batch. Default: at any batch.
             * @enum {number}
             */
            fixedBatch?: 1;
            inputs: {
                id: string;
                shape: number[];
            }[];
            layers: ({
                id: string;
                inputs: string[];
                params?: {
                    [key: string]: number;
                };
                type: string;
                weightsOf?: string;
            } & {
                [key: string]: unknown;
            })[];
            outputs: string[];
        };
        /** Health */
        Health: {
            /** @enum {string} */
            status: "ok";
        };
        /**
         * Histogram
         * @description The samples of a run by their size.
         */
        Histogram: {
            /** @description Samples above the last bin. */
            above: number;
            /** @description Samples below the first bin. */
            below: number;
            /** @description Of one width, lowest first. */
            bins: components["schemas"]["HistogramBin"][];
            /** @description Samples of the run. */
            count: number;
            /** @description The largest sample. */
            max: number;
            /** @description The smallest sample. */
            min: number;
            /** @description In the order asked for. */
            quantiles: components["schemas"]["SampleQuantile"][];
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            runId: string;
            samplesExpiredAt: string | null;
            unit: components["schemas"]["TimeUnit"];
        };
        /**
         * HistogramBin
         * @description A stretch of times.
         */
        HistogramBin: {
            /** @description Samples in it. */
            count: number;
            /** @description Lower edge, which is in it. */
            from: number;
            /** @description Upper edge, which is in the last bin only. */
            to: number;
        };
        /**
         * InPlaceMemory
         * @description Only in inference.
         */
        InPlaceMemory: {
            layers: number;
            /** @description The peak, were outputs written over inputs wherever they may. */
            peakBytes: number;
        };
        /**
         * KernelOverhead
         * @description The part of a kernel’s time that is not work: launch and wait.
         */
        KernelOverhead: {
            /** @description The layer that reached it, and its time. */
            measuredWith: string;
            /** @description Time of a kernel with almost no work; every row includes it once for each of its kernels. */
            ms: number;
        };
        /**
         * Key
         * @description An API key, without its secret.
         */
        Key: {
            /** Format: date-time */
            createdAt: string;
            expiresAt: string | null;
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            issuer: string | null;
            lastUsedAt: string | null;
            /** @description Whose it is, or what for. */
            name: string;
            /**
             * @description The beginning of the key, by which people tell keys apart.
             * @example amk_0a1b2c3d
             */
            prefix: string;
            quotas: components["schemas"]["Quotas"];
            revokedAt: string | null;
            role: components["schemas"]["Role"];
            /** @description Its share of a device, against the weights of the other keys whose runs wait for the device. */
            weight: number;
        };
        /** KeyList */
        KeyList: {
            items: components["schemas"]["Key"][];
        };
        /**
         * KeySummary
         * @description A key, in short.
         */
        KeySummary: {
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description Whose it is, or what for. */
            name: string;
            /**
             * @description The beginning of the key, by which people tell keys apart.
             * @example amk_0a1b2c3d
             */
            prefix: string;
        };
        /**
         * KeyUsage
         * @description What a key uses, and may use. What was used stays used when a run or its network is deleted.
         */
        KeyUsage: {
            /** @description Bytes of the networks that it registered and nobody deleted. */
            bytesStored: number;
            day: components["schemas"]["UsedInDay"];
            /** @description The latest 31 days on which it was used, the latest first. */
            days: components["schemas"]["UsedOnDay"][];
            hour: components["schemas"]["UsedInHour"];
            /**
             * Format: uuid
             * @description Id of the key.
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            keyId: string;
            quotas: components["schemas"]["Quotas"];
            total: components["schemas"]["UsedInAll"];
            /** @description Its share of a device, against the weights of the other keys whose runs wait for the device. */
            weight: number;
        };
        /**
         * KeyWeight
         * @description What is to change of a key.
         */
        KeyWeight: {
            /** @description Its share of a device, against the weights of the other keys whose runs wait for the device. */
            weight: number;
        };
        /**
         * Latency
         * @description Of one call with the whole batch, ms.
         */
        Latency: {
            max: number;
            mean: number;
            medianCi95: [
                number,
                number
            ] | null;
            min: number;
            p50: number | null;
            p90: number | null;
            p95: number | null;
            p99: number | null;
            p999: number | null;
            stddev: number;
        };
        /** LatencyByKind */
        LatencyByKind: {
            kind: components["schemas"]["LayerKind"];
            layers: number;
            ms: number;
            /** @description False where no measured network has such layers: the rate of all kinds stands in. */
            seen: boolean;
            /** @description Of the predicted latency. */
            share: number;
        };
        /** LayerChange */
        LayerChange: {
            from: string | null;
            to: string | null;
            /** @description An attribute, or `inputShape`, `outputShape`, `inputs`; of layers that differ in nothing else the figures that do, such as `params` or `memoryKiB`. */
            what: string;
        };
        /**
         * LayerChangeKind
         * @enum {string}
         */
        LayerChangeKind: "kept" | "changed" | "added" | "removed";
        /** LayerCost */
        LayerCost: {
            /** @description Flops per byte moved. */
            arithmeticIntensity: number;
            bytesRead: number;
            bytesWritten: number;
            /** @description Only where the layer could not be counted: macs and flops are then not 0 but unknown. */
            counted?: boolean;
            effectiveStride: [
                number,
                number
            ] | null;
            /** @description By the convention of this answer. */
            flops: number;
            id: string;
            inputs: string[];
            /** @description Multiply-accumulates; the same under every convention. */
            macs: number;
            /**
             * @description Only where it has multiply-adds: the type that the file computes them in; float32 where nothing says so.
             * @enum {string}
             */
            macsPrecision?: "float64" | "float32" | "float16" | "bfloat16" | "float8" | "float4" | "int64" | "int32" | "int16" | "int8" | "int4" | "int2" | "bool";
            /** @description Output elements at the dtype, / 1024. */
            memoryKiB: number;
            outputElements: number;
            /** @description One image, C×H×W. 0 stands for a size that the data decides and that is not known. */
            outputShape: number[];
            /** @description Only where the layer has several outputs. */
            outputShapes?: number[][];
            params: number;
            /** @description [height, width] on the input, not clipped to it. */
            receptiveField: [
                number,
                number
            ];
            type: string;
            /** @description Only where the layer shares the weights of another one: the layer that they are counted in. */
            weightsOf?: string;
        };
        /** LayerDifference */
        LayerDifference: {
            changes: components["schemas"]["LayerChange"][];
            difference: components["schemas"]["CostDifference"];
            from: string | null;
            status: components["schemas"]["LayerStatus"];
            to: string | null;
            type: string;
        };
        /**
         * LayerKind
         * @description Told by what a layer computes, not by its name.
         * @enum {string}
         */
        LayerKind: "convolution" | "matrixProduct" | "matrixVector" | "depthwiseConvolution" | "groupedConvolution" | "normalization" | "pooling" | "elementwise" | "move";
        /**
         * LayerProfile
         * @description The per-layer times of a run beside the costs of the layers, by the roofline model (Williams, Waterman and Patterson, CACM 52(4), 2009).
         */
        LayerProfile: {
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            architectureId: string;
            batch: number;
            ceilings: components["schemas"]["Ceilings"];
            /** @description How flops are counted: always `full`. */
            convention: string;
            device: string;
            /**
             * @description The types that bytes are counted in: `file`, each tensor in the one that the file it ran from has it in.
             * @enum {string}
             */
            dtype: "float32" | "float16" | "int8" | "file";
            kernelOverhead?: components["schemas"]["KernelOverhead"];
            launchBlocking?: boolean | null;
            /** @description How the times were taken: by which clock, from when to when. */
            method?: string;
            precision: components["schemas"]["Precision"];
            resolution: string | null;
            /** @description The intensity above which compute is the limit. */
            ridgeFlopsPerByte: number;
            /** @description In the order of the graph; each layer is in exactly one row. */
            rows: components["schemas"]["LayerProfileRow"][];
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            runId: string;
            /** @description Number of calls averaged. */
            runs: number;
            runtime: components["schemas"]["RuntimeName"];
            timed: components["schemas"]["TimedBesideProfile"] | null;
            totals: components["schemas"]["LayerProfileTotals"];
            unattributed: components["schemas"]["UnattributedTime"];
        };
        /** LayerProfileRow */
        LayerProfileRow: {
            above: components["schemas"]["AboveRoofline"] | null;
            /** @description Flops per byte; 0 where nothing moves. */
            arithmeticIntensity: number;
            /** @description min(compute ceiling, intensity × memory ceiling). */
            attainableGflopsPerSecond: number;
            bound: components["schemas"]["Bound"] | null;
            bytes: number;
            /** @description Tensors produced in other rows, parameters and statistics: each once. */
            bytesRead: number;
            /** @description Tensors that leave the row. */
            bytesWritten: number;
            /** @description Under 0.5 of the roofline, and at least 0.01 of the call. */
            far: boolean;
            flops: number;
            gflopsPerSecond: number | null;
            gigabytesPerSecond: number | null;
            /** @description Several where the runtime fused them. */
            layerIds: string[];
            /** @description ms × (1 − rooflineShare); 0 where it is on the roofline or above. */
            lostMs: number;
            macs: number;
            /** @description Mean of a call; 0 where no kernel ran for the layer. */
            ms: number;
            /** @description The time that the row would take on the roofline. */
            rooflineMs: number;
            rooflineShare: number | null;
            /** @description Share of the profiled call. */
            share: number;
            /** @description Of the layers, in their order. */
            types: string[];
        };
        /**
         * LayerProfileTotals
         * @description Rates are over `kernelMs`.
         */
        LayerProfileTotals: {
            above: components["schemas"]["AboveRoofline"] | null;
            /** @description Time of the call minus that of its kernels. */
            betweenKernelsMs: number;
            bytes: number;
            /** @description Wall time of the profiled call. */
            callMs: number;
            /** @description Rows far from the roofline. */
            far: number;
            flops: number;
            gflopsPerSecond: number | null;
            gigabytesPerSecond: number | null;
            /** @description Sum of the rows and the unattributed time. */
            kernelMs: number;
            lostMs: number;
            macs: number;
            rooflineMs: number;
            rooflineShare: number | null;
        };
        /**
         * LayerStatus
         * @enum {string}
         */
        LayerStatus: "same" | "changed" | "added" | "removed";
        /** LayerTime */
        LayerTime: {
            /** @description Several where the runtime fused them. */
            layerIds: string[];
            ms: number;
        };
        /**
         * LearningWay
         * @description What rates are learnt from: of these, what did best on networks left out.
         * @enum {string}
         */
        LearningWay: "profiles" | "calls" | "totals";
        /**
         * LearntFrom
         * @description Succeeded runs on the device, under this runtime, precision and number of threads.
         */
        LearntFrom: {
            architectures: number;
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            latestRunId: string;
            /** @description Of the runs, those with times by layer. */
            profiled: number;
            runs: number;
            way: components["schemas"]["LearningWay"];
        };
        /** LeftOut */
        LeftOut: {
            preset: string;
            reason: string;
        };
        /**
         * LimitUse
         * @description A limit, and what would be chosen without it; null where that is no more accurate.
         */
        LimitUse: {
            axis: components["schemas"]["RecommendAxis"];
            limit: number;
            /** @description Of the limit that the choice uses. */
            share: number;
            used: number;
            without: components["schemas"]["Recommended"] | null;
        };
        /**
         * LiveArchitecture
         * @description An architecture that came or went.
         */
        LiveArchitecture: {
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            architectureId: string;
            change: components["schemas"]["ArchitectureChange"];
            /** @description How many it has. */
            layers: number;
            /** @description Multiply-accumulates for one image. */
            macs: number;
            /** @description Its name. */
            name: string;
            /** @description Its parameters. */
            params: number;
        };
        /**
         * LiveDevice
         * @description A device that came, changed or went.
         */
        LiveDevice: {
            change: components["schemas"]["DeviceChange"];
            device: components["schemas"]["Device"];
        };
        /**
         * LiveEvent
         * @description Something that changed. Of `run`, `queue`, `device` and `architecture` the one that its type tells of is there.
         */
        LiveEvent: {
            architecture: components["schemas"]["LiveArchitecture"] | null;
            /** Format: date-time */
            at: string;
            device: components["schemas"]["LiveDevice"] | null;
            /**
             * @description Send back as Last-Event-ID, or as `after`, to hear what came since.
             * @example 5f0c1c9e2b7a-17
             */
            id: string;
            queue: components["schemas"]["DeviceQueue"] | null;
            reason: string | null;
            run: components["schemas"]["LiveRun"] | null;
            type: components["schemas"]["LiveEventType"];
        };
        /**
         * LiveEventMessage
         * @description A LiveEvent as a server-sent event.
         */
        LiveEventMessage: {
            /** @description A LiveEvent as JSON. */
            data: string;
            /** @description The event’s `type`. */
            event: string;
            /** @description The event’s `id`: what Last-Event-ID sends back. */
            id: string;
        };
        /**
         * LiveEventType
         * @description What an event tells of. `reset` comes to everybody, whatever was asked for.
         * @enum {string}
         */
        LiveEventType: "reset" | "run" | "progress" | "queue" | "device" | "architecture";
        /**
         * LiveRun
         * @description An event of a run, and what the run is by now.
         */
        LiveRun: {
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            architectureId: string;
            /** @description Name of the architecture, which may be deleted since. */
            architectureName: string;
            /** @description Images per call. */
            batch: number;
            /** @description What the event says, as in the events of the run. */
            data: {
                [key: string]: unknown;
            };
            /**
             * @description Name on its host.
             * @example cpu:0
             */
            device: string;
            /** @description By which its queue goes. */
            deviceUuid: string;
            /** @description `queued`, `started`, `phase`, `progress`, `requeued`, `reprioritized`, or the status that ended it. */
            event: string;
            /** @description Of the device. */
            host: string;
            /** @description Labels of your own for finding runs: at most 32 names of letters, digits, "_", ".", "/" or "-", with texts of at most 256 characters. */
            labels: {
                [key: string]: string;
            };
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            runId: string;
            runtime: components["schemas"]["RuntimeName"];
            /** @description Number of the event within the run. */
            seq: number;
            status: components["schemas"]["RunStatus"];
            verdict: components["schemas"]["Verdict"] | null;
        };
        /** LiveTensor */
        LiveTensor: {
            /** @description Of the whole batch. */
            bytes: number;
            /** @description Index into `steps`; -1 before the first. */
            from: number;
            kind: components["schemas"]["TensorKind"];
            offset: number | null;
            /** @description Views of it. */
            others: string[];
            /** @description The layer, and with `:1` its second output. */
            tensor: string;
            /** @description The last step that needs it; the number of steps where it stays to the end. */
            to: number;
        };
        /** Loosened */
        Loosened: {
            admits: components["schemas"]["Recommended"];
            axis: components["schemas"]["RecommendAxis"];
            /** @description The least limit at which something fits. */
            least: number;
            limit: number;
        };
        /**
         * MacsByPrecision
         * @description macs by the type that the file computes them in, whatever dtype is asked for: integers and floats told apart; float32 where nothing says so. Types without any are left out.
         */
        MacsByPrecision: {
            /** @description Those in bfloat16. */
            bfloat16?: number;
            /** @description Those in bool. */
            bool?: number;
            /** @description Those in float4. */
            float4?: number;
            /** @description Those in float8. */
            float8?: number;
            /** @description Those in float16. */
            float16?: number;
            /** @description Those in float32. */
            float32?: number;
            /** @description Those in float64. */
            float64?: number;
            /** @description Those in int2. */
            int2?: number;
            /** @description Those in int4. */
            int4?: number;
            /** @description Those in int8. */
            int8?: number;
            /** @description Those in int16. */
            int16?: number;
            /** @description Those in int32. */
            int32?: number;
            /** @description Those in int64. */
            int64?: number;
        };
        /**
         * MadeKey
         * @description An API key just made, with its secret.
         */
        MadeKey: {
            /** Format: date-time */
            createdAt: string;
            expiresAt: string | null;
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            issuer: string | null;
            /** @description The key itself. It is shown this once: the service keeps a digest alone. */
            key: string;
            lastUsedAt: string | null;
            /** @description Whose it is, or what for. */
            name: string;
            /**
             * @description The beginning of the key, by which people tell keys apart.
             * @example amk_0a1b2c3d
             */
            prefix: string;
            quotas: components["schemas"]["Quotas"];
            revokedAt: string | null;
            role: components["schemas"]["Role"];
            /** @description Its share of a device, against the weights of the other keys whose runs wait for the device. */
            weight: number;
        };
        /**
         * MadeWebhook
         * @description A webhook with its secret.
         */
        MadeWebhook: {
            /** Format: date-time */
            createdAt: string;
            createdBy: string | null;
            /**
             * @description What it is for.
             * @example the lab’s chat
             */
            description: string;
            /** @description Only of runs on any of these devices: name, host/name or UUID. Empty: of all. */
            device: string[];
            disabledReason: string | null;
            /** @description False: nothing is delivered. */
            enabled: boolean;
            /** @description Those that it is told of. */
            events: components["schemas"]["WebhookEvent"][];
            failingSince: string | null;
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description Only of runs with every one of these labels: `name` or `name=text`. Empty: of all. */
            label: string[];
            /**
             * @description With which deliveries are signed (standardwebhooks.com). Shown this once; one before it signs as well for 24 hours.
             * @example whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
             */
            secret: string;
            /**
             * @description Where deliveries go: https, and a public address unless WEBHOOK_ALLOW_HOSTS allows others.
             * @example https://hooks.example/archmeter
             */
            url: string;
        };
        /**
         * MeasuredLatency
         * @description A run of this network at this batch and resolution, among those learnt from.
         */
        MeasuredLatency: {
            /** Format: date-time */
            finishedAt: string;
            latencyMs: number;
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            runId: string;
        };
        /**
         * Memory
         * @description What is in memory at each step.
         */
        Memory: {
            arena: components["schemas"]["MemoryArena"] | null;
            batch: number;
            /** @enum {string} */
            dtype: "float32" | "float16" | "int8" | "file";
            fit: components["schemas"]["MemoryFit"] | null;
            /** @description Of parameters; 0 in inference. */
            gradientBytes: number;
            inPlace: components["schemas"]["InPlaceMemory"] | null;
            /** @description Most activations kept for the backward pass at once, without inputs; 0 in inference. */
            keptActivationBytes: number;
            mode: components["schemas"]["MemoryMode"];
            optimizer: components["schemas"]["Optimizer"] | null;
            /** @description What the optimizer keeps; 0 in inference. */
            optimizerBytes: number;
            peak: components["schemas"]["MemoryPeak"];
            /** @description Multiply-adds done a second time. */
            recomputedMacs: number;
            /** @description 1: nothing is computed twice. */
            segments: number;
            /** @description A step a layer, in order; in training then backward, in the opposite order. */
            steps: components["schemas"]["MemoryStep"][];
            tensors: components["schemas"]["LiveTensor"][];
            /** @description Parameters and running statistics. */
            weightBytes: number;
        };
        /**
         * MemoryArena
         * @description One block of memory, placed by size, largest first; only in inference, up to 4,000 buffers.
         */
        MemoryArena: {
            /** @description Length of the block. */
            bytes: number;
            /** @description Had every tensor a place of its own. */
            withoutReuseBytes: number;
        };
        /**
         * MemoryCeiling
         * @description The rate of an element-wise layer over tensors larger than the caches: bytes read and written.
         */
        MemoryCeiling: {
            /** @description Bytes that one call moves: a layer that moves fewer may be served by a cache. */
            bytes?: number;
            bytesPerSecond: number;
            /** @description The layer that reached it, and its time. */
            measuredWith: string;
        };
        /**
         * MemoryFit
         * @description The largest batch that fits. What libraries take for themselves, as workspaces and a CUDA context, comes on top.
         */
        MemoryFit: {
            /** @description Images; 0 where not even one fits. */
            batch: number;
            /** @description What there is: all memory of the device, used or not. */
            bytes: number;
            device: string | null;
            nextBytes: number | null;
            /** @description What that batch takes, weights and all; of one image where none fits. */
            takesBytes: number;
        };
        /**
         * MemoryMode
         * @enum {string}
         */
        MemoryMode: "inference" | "training";
        /**
         * MemoryPass
         * @enum {string}
         */
        MemoryPass: "forward" | "backward";
        /** MemoryPeak */
        MemoryPeak: {
            /** @description Activations, and gradients of activations. In inference `totals.peakActivationBytes` of the costs. */
            bytes: number;
            layerId: string | null;
            pass: components["schemas"]["MemoryPass"];
            /** @description Index into `steps`; -1 before the first. */
            step: number;
            /** @description What is alive at the peak, the largest first, at most 100. */
            tensors: components["schemas"]["PeakTensor"][];
            /** @description With weights, their gradients and the optimizer’s state. */
            totalBytes: number;
        };
        /** MemoryStep */
        MemoryStep: {
            /** @description Inputs and activations, those computed again among them. */
            activationBytes: number;
            /** @description Both. */
            aliveBytes: number;
            /** @description Gradients of activations. */
            gradientBytes: number;
            /** @description The output may be written over an input that nobody reads after it. */
            inPlace: boolean;
            layerId: string;
            pass: components["schemas"]["MemoryPass"];
        };
        /** NamedNetworkInput */
        NamedNetworkInput: {
            /**
             * @description What the input holds. Default: float32.
             * @enum {string}
             */
            dtype?: "float64" | "float32" | "float16" | "bfloat16" | "float8" | "float4" | "int64" | "int32" | "int16" | "int8" | "int4" | "int2" | "bool";
            id: string;
            /** @description One image, C×H×W. Empty for one number an image, beside an input that has more of them. */
            shape: number[];
        };
        /**
         * NearestNetwork
         * @description Where nothing fits: the network that exceeds its limits least.
         */
        NearestNetwork: {
            /** @description The limits that it exceeds, with the value that each needs. */
            needs: components["schemas"]["NeededLimit"][];
            network: components["schemas"]["Recommended"];
        };
        /** NeededLimit */
        NeededLimit: {
            axis: components["schemas"]["RecommendAxis"];
            least: number;
            limit: number;
        };
        /**
         * NetworkInput
         * @description The one input, known as "input".
         */
        NetworkInput: {
            /**
             * @description What the input holds. Default: float32.
             * @enum {string}
             */
            dtype?: "float64" | "float32" | "float16" | "bfloat16" | "float8" | "float4" | "int64" | "int32" | "int16" | "int8" | "int4" | "int2" | "bool";
            /** @description One image, C×H×W. Empty for one number an image, beside an input that has more of them. */
            shape: number[];
        };
        /** NewArchitecture */
        NewArchitecture: components["schemas"]["NewGraphArchitecture"] | components["schemas"]["NewZooArchitecture"] | components["schemas"]["NewKerasArchitecture"] | components["schemas"]["NewTfjsArchitecture"];
        /**
         * NewGraphArchitecture
         * @description A graph of layers.
         */
        NewGraphArchitecture: {
            /**
             * @description The network works at one image a call alone, since a layer mixes the images of a batch. Default: at any batch.
             * @enum {number}
             */
            fixedBatch?: 1;
            input?: components["schemas"]["NetworkInput"];
            /** @description Where the network has several inputs. */
            inputs?: components["schemas"]["NamedNetworkInput"][];
            /** @description Objects {id, type, inputs} with the attributes of the op, e.g. {"type": "Conv2d", "outChannels": 64, "kernelSize": 3}. */
            layers: ({
                /** @description Types of the tensors of the layer, as an imported file has them. Default: float32. */
                dtypes?: {
                    /**
                     * @description What its multiply-adds are computed in.
                     * @enum {string}
                     */
                    macs?: "float64" | "float32" | "float16" | "bfloat16" | "float8" | "float4" | "int64" | "int32" | "int16" | "int8" | "int4" | "int2" | "bool";
                    /**
                     * @description What its outputs are kept as; `view` where they are its first input, taken off its scale where it is read, `fused` where the layer behind it takes them over without memory.
                     * @enum {string}
                     */
                    output?: "float64" | "float32" | "float16" | "bfloat16" | "float8" | "float4" | "int64" | "int32" | "int16" | "int8" | "int4" | "int2" | "bool" | "view" | "fused";
                    params?: {
                        [key: string]: "float64" | "float32" | "float16" | "bfloat16" | "float8" | "float4" | "int64" | "int32" | "int16" | "int8" | "int4" | "int2" | "bool";
                    };
                };
                /** @description Default: the type in lower case and a number. */
                id?: string;
                /** @description Ids of layers or inputs, "split:1" for a second output. Default: the layer above. */
                inputs?: string[];
                /** @description Elements that are counted for a parameter, by its name, where it is not filled by a tensor of its own size and its own alone: 0 where another layer has counted the tensor. Default: its own size. */
                params?: {
                    [key: string]: number;
                };
                /** @description An op, e.g. Conv2d. */
                type: string;
                /** @description Id of a layer of the same type whose weights this layer uses too: they count once. Default: weights of its own. */
                weightsOf?: string;
            } & {
                [key: string]: unknown;
            })[];
            /** @description Any name; it need not be unique. */
            name: string;
            /** @description Default: the last layer. */
            outputs?: string[];
        };
        /**
         * NewKerasArchitecture
         * @description A Keras model.
         */
        NewKerasArchitecture: {
            /** @description Only with keras or tfjs: shape of the one input without the batch, in the order that Keras uses, e.g. [224, 224, 3], for a model that leaves sizes open. */
            inputShape?: number[];
            /** @description What model.to_json() of Keras 2 or 3 writes, as an object. */
            keras: {
                [key: string]: unknown;
            };
            /** @description Any name; it need not be unique. */
            name: string;
        };
        /**
         * NewKey
         * @description The API key to make.
         */
        NewKey: {
            /**
             * Format: date-time
             * @description When it ends, in the future. Left out: never.
             */
            expiresAt?: string;
            /** @description Whose it is, or what for. */
            name: string;
            quotas?: components["schemas"]["Quotas"];
            role: components["schemas"]["Role"];
            /**
             * @description Its share of a device, against the weights of the other keys whose runs wait for the device.
             * @default 1
             */
            weight: number;
        };
        /**
         * NewOnnxArchitecture
         * @description An ONNX model.
         */
        NewOnnxArchitecture: {
            /** @description Files beside the model that hold its numbers (external data), each sent under the name that the model uses for it. Without them, costs are computed wherever the dims suffice, and runs use seeded weights. */
            data?: string[];
            /** @description With an ONNX file: sizes of open dims by the names that the file has for them, as height:640,width:640. */
            dims?: string;
            /** @description An ONNX model. */
            file: string;
            /**
             * @description With an ONNX file: shape of its one input, batch left out, for a file that leaves sizes open, as 3,640,640. JSON has its own.
             * @example 3,640,640
             */
            inputShape?: string;
            /** @description Any name; it need not be unique. */
            name: string;
        };
        /**
         * NewQuotas
         * @description What a key may use from now on.
         */
        NewQuotas: {
            /** @description Bytes of the networks that it registered and nobody deleted: files, and graphs as stored; null: no quota. */
            bytesStored: number | null;
            /** @description Seconds for which its runs may hold devices in a day in UTC; null: no quota. */
            deviceSecondsPerDay: number | null;
            /** @description Runs that it may queue in an hour of the clock, those of sweeps included; null: no quota. */
            runsPerHour: number | null;
        };
        /** NewRewrite */
        NewRewrite: {
            /**
             * @description Images per call.
             * @default 1
             */
            batch: number;
            /**
             * @description How flops are counted: `lecture`: A multiply-add is one flop; pooling counts its window; everything else is 0. `full`: Every arithmetic operation: 2 per multiply-add, bias adds, and each other op by its own arithmetic. `fvcore`: fvcore: one per multiply-add, 2 per batch-norm element, 5 per layer-norm element, 1 per input element of adaptive average pooling. `torchinfo`: torchinfo: parameters, bias included, once per output position of a convolution and once per image elsewhere. `ptflops`: ptflops, PyTorch back end: multiply-adds with bias, 2 per element of batch norm, and ReLU and pooling twice over. `thop`: thop: one per multiply-add, 4 per batch-norm element, average pooling and softmax; activations and max pooling 0. `torch`: PyTorch’s FlopCounterMode: 2 per multiply-add of convolution and matrix products; everything else is 0. `onnx`: Multiply-adds of the Conv, Gemm and MatMul nodes of the network’s ONNX file; everything else is 0.
             * @default lecture
             */
            convention: string;
            /** @description Name of the new architecture. Default: the old one and the rewrites. */
            name?: string;
            /**
             * @description Shows what would change and registers nothing.
             * @default false
             */
            preview: boolean;
            /** @description Rewrites, each applied to what the one before made. */
            recipe: components["schemas"]["RewriteStep"][];
        };
        /** NewRun */
        NewRun: {
            against?: components["schemas"]["NewRunAgainst"];
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            architectureId: string;
            backend?: components["schemas"]["BackendName"];
            /**
             * @description Images per call.
             * @default 1
             */
            batch: number;
            /** @description `cpu:0` or `cuda:0` on the host that answers, `host/cuda:0`, or a UUID from the list of devices; `cpu` or `cuda` where there is one of that kind. If left out, the only device; where there are several, the request is refused. */
            device?: string;
            /**
             * @description Sizes of dims that an ONNX file leaves open, by its own names for them, in place of those that it was registered at.
             * @example height:640,width:640
             */
            dims?: string;
            /** @description Measure even if a run with a valid certificate has measured the same (same content, settings, device, driver and version of the runtime). Otherwise that run is returned. */
            fresh?: boolean;
            /**
             * @description Shape of the one input without the batch, for an ONNX file that leaves sizes open, in place of the one at registration.
             * @example [
             *       3,
             *       640,
             *       640
             *     ]
             */
            inputShape?: number[];
            /** @description Labels of your own for finding runs: at most 32 names of letters, digits, "_", ".", "/" or "-", with texts of at most 256 characters. */
            labels?: {
                [key: string]: string;
            };
            /**
             * @default float32
             * @enum {string}
             */
            precision: "float32" | "float16";
            /**
             * @description Higher goes first. Above 10 it takes a key of an admin.
             * @default 0
             */
            priority: number;
            /**
             * @description Adds a pass after the timing that times each layer, and measures the ceilings to compare with. The run’s layer profile then has both.
             * @default false
             */
            profile: boolean;
            /** @description Replaces height and width of the input: 224, or "224x320" for height 224 and width 320. */
            resolution?: number | string;
            /** @description Blocks of each side of a comparison, 12 by default; 8 are the fewest that can show a difference at 99 %. */
            rounds?: number;
            /**
             * @description If left out, the only runtime that works on the device; where several work, the request is refused.
             * @enum {string}
             */
            runtime?: "onnxruntime" | "tfjs";
            /** @description Settings of the timing. */
            settings?: {
                /**
                 * @description On CUDA, how cuDNN chooses the algorithm of a convolution (cudnn_conv_algo_search): exhaustive tries all at the first call, heuristic asks for a guess, default takes one and the same. Default exhaustive.
                 * @enum {string}
                 */
                convSearch?: "exhaustive" | "heuristic" | "default";
                /** @description On CUDA, whether the kernels of a call are captured once and launched as one graph (enable_cuda_graph): small batches are then no longer bound by launches from the CPU. The profile of layers is taken without. Default false. */
                cudaGraph?: boolean;
                /** @description A trend (Mann–Kendall, 1 %) counts where it moves the median by more than this share from the first window to the last. Default 0.02. */
                driftTolerance?: number;
                /** @description On CUDA, whether a convolution and its bias are one operation of cuDNN (fuse_conv_bias). With layout nhwc in float16 it saves up to a third of a call on an H200; finding its kernels makes the first call seconds longer. Default false. */
                fuseConvBias?: boolean;
                /** @description On CUDA, the most memory of the GPU that weights, activations and the work space of kernels may take together (gpu_mem_limit); 0 means what is free. A run that needs more fails with OUT_OF_MEMORY, as it would on a smaller GPU. What CUDA and its libraries take for themselves comes on top. Default 0. */
                gpuMemoryBytes?: number;
                /**
                 * @description How far the runtime rewrites the graph before running it, by ONNX Runtime’s names: basic folds constants, extended fuses nodes, all changes layouts as well. Default all.
                 * @enum {string}
                 */
                graphOptimization?: "disabled" | "basic" | "extended" | "all";
                /**
                 * @description On CUDA, the order in which convolutions, poolings and normalizations keep their data (prefer_nhwc). What the network takes and gives stays N×C×H×W; the runtime transposes where it must. Default nchw.
                 * @enum {string}
                 */
                layout?: "nchw" | "nhwc";
                /** @description The cap of the timed part. A run that reaches it before it is stable and has its samples is suspect. Default 60000; 10000 in a comparison. */
                maxDurationMs?: number;
                /** @description Time for at least this long, so that a sample of a fast network still sees scheduler ticks and neighbors that come and go. Default 2000; 700 in a comparison. */
                minDurationMs?: number;
                /** @description Time at least this many calls; 64 is the least that states a 90th percentile (11 for a median, 662 for a 99th). Default 64; 5 in a comparison. */
                minSamples?: number;
                /**
                 * @description endToEnd: a call takes the input from the host and brings the output back. resident: both stay on the device. ONNX Runtime binds them there; its back end node cannot, so that there the input is scaled by a scalar from the host and one scalar an output comes back, and the result names the operations this adds. Default endToEnd.
                 * @enum {string}
                 */
                mode?: "endToEnd" | "resident";
                /** @description How far the median may lie from that of the latest ten runs of the same measurement, as a share of it, where three or more were made. Of no meaning in a comparison, whose rounds answer for that. Default 0.03. */
                repeatTolerance?: number;
                /**
                 * @description Who waits (MLPerf Inference’s names). `singleStream`: each call is timed by itself, the next begins when it has ended; what a user of one image waits. `offline`: all images are there, calls follow one another with nothing between, and a sample is the mean of a block of them; what a pile of images takes, so no tails are stated. Default singleStream.
                 * @enum {string}
                 */
                scenario?: "singleStream" | "offline";
                /** @description Seed of weights, inputs and of the bootstrap: the same seed repeats the run. Default 0. */
                seed?: number;
                /** @description How far the medians of those windows may lie apart, as a share of the least; of ten shorter windows twice as far, which is perf_analyzer’s default of 10 %. Default 0.05. */
                stabilityTolerance?: number;
                /** @description Windows whose medians must agree for a run to be steady, in warm-up and timing; NVIDIA’s perf_analyzer compares three. Default 3. */
                stabilityWindows?: number;
                /** @description On CUDA, whether float32 convolutions and matrix products may round their factors to TF32 (10 bits of mantissa), as the libraries do by themselves. false sets NVIDIA_TF32_OVERRIDE=0 for the process. Default true. */
                tf32?: boolean;
                /** @description Threads of the runtime where it has them; 0 means one per physical core, since two hyper-threads share one vector unit and timing then depends on how they are paired. Default 0. */
                threads?: number;
                /** @description Warm up for at least this long, then until three windows agree, at most three times as long. A second covers the clock ramp of a CPU governor and the first allocations of an arena. Default 1000; 300 in a comparison. */
                warmupMs?: number;
            };
            /**
             * @description Counted from the start of the run, without the time in the queue.
             * @default 600000
             */
            timeoutMs: number;
            /**
             * @description The weights to use: those of the registered ONNX file, or seeded ones. If left out, the file’s where it has them. With the file’s, onnxruntime runs the file itself, at its own sizes where it states them.
             * @enum {string}
             */
            weights?: "seeded" | "file";
        };
        /**
         * NewRunAgainst
         * @description Makes the run a comparison: the run is side a, this is side b, and anything left out is taken from side a; {} compares a side with itself. Both are timed in turns (which goes first in a round is random) in one execution, each block in a process of its own. The run then has a `comparison` instead of a `result`.
         */
        NewRunAgainst: {
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            architectureId?: string;
            backend?: components["schemas"]["BackendName"];
            /** @description Images per call. */
            batch?: number;
            /**
             * @description Sizes of dims that an ONNX file leaves open, by its own names for them, in place of those that it was registered at.
             * @example height:640,width:640
             */
            dims?: string;
            /**
             * @description Shape of the one input without the batch, for an ONNX file that leaves sizes open, in place of the one at registration.
             * @example [
             *       3,
             *       640,
             *       640
             *     ]
             */
            inputShape?: number[];
            /** @enum {string} */
            precision?: "float32" | "float16";
            /** @description Replaces height and width of the input: 224, or "224x320" for height 224 and width 320. */
            resolution?: number | string;
            runtime?: components["schemas"]["RuntimeName"];
            /** @description Settings of the timing. */
            settings?: {
                /**
                 * @description On CUDA, how cuDNN chooses the algorithm of a convolution (cudnn_conv_algo_search): exhaustive tries all at the first call, heuristic asks for a guess, default takes one and the same. Default exhaustive.
                 * @enum {string}
                 */
                convSearch?: "exhaustive" | "heuristic" | "default";
                /** @description On CUDA, whether the kernels of a call are captured once and launched as one graph (enable_cuda_graph): small batches are then no longer bound by launches from the CPU. The profile of layers is taken without. Default false. */
                cudaGraph?: boolean;
                /** @description A trend (Mann–Kendall, 1 %) counts where it moves the median by more than this share from the first window to the last. Default 0.02. */
                driftTolerance?: number;
                /** @description On CUDA, whether a convolution and its bias are one operation of cuDNN (fuse_conv_bias). With layout nhwc in float16 it saves up to a third of a call on an H200; finding its kernels makes the first call seconds longer. Default false. */
                fuseConvBias?: boolean;
                /** @description On CUDA, the most memory of the GPU that weights, activations and the work space of kernels may take together (gpu_mem_limit); 0 means what is free. A run that needs more fails with OUT_OF_MEMORY, as it would on a smaller GPU. What CUDA and its libraries take for themselves comes on top. Default 0. */
                gpuMemoryBytes?: number;
                /**
                 * @description How far the runtime rewrites the graph before running it, by ONNX Runtime’s names: basic folds constants, extended fuses nodes, all changes layouts as well. Default all.
                 * @enum {string}
                 */
                graphOptimization?: "disabled" | "basic" | "extended" | "all";
                /**
                 * @description On CUDA, the order in which convolutions, poolings and normalizations keep their data (prefer_nhwc). What the network takes and gives stays N×C×H×W; the runtime transposes where it must. Default nchw.
                 * @enum {string}
                 */
                layout?: "nchw" | "nhwc";
                /** @description The cap of the timed part. A run that reaches it before it is stable and has its samples is suspect. Default 60000; 10000 in a comparison. */
                maxDurationMs?: number;
                /** @description Time for at least this long, so that a sample of a fast network still sees scheduler ticks and neighbors that come and go. Default 2000; 700 in a comparison. */
                minDurationMs?: number;
                /** @description Time at least this many calls; 64 is the least that states a 90th percentile (11 for a median, 662 for a 99th). Default 64; 5 in a comparison. */
                minSamples?: number;
                /**
                 * @description endToEnd: a call takes the input from the host and brings the output back. resident: both stay on the device. ONNX Runtime binds them there; its back end node cannot, so that there the input is scaled by a scalar from the host and one scalar an output comes back, and the result names the operations this adds. Default endToEnd.
                 * @enum {string}
                 */
                mode?: "endToEnd" | "resident";
                /** @description How far the median may lie from that of the latest ten runs of the same measurement, as a share of it, where three or more were made. Of no meaning in a comparison, whose rounds answer for that. Default 0.03. */
                repeatTolerance?: number;
                /**
                 * @description Who waits (MLPerf Inference’s names). `singleStream`: each call is timed by itself, the next begins when it has ended; what a user of one image waits. `offline`: all images are there, calls follow one another with nothing between, and a sample is the mean of a block of them; what a pile of images takes, so no tails are stated. Default singleStream.
                 * @enum {string}
                 */
                scenario?: "singleStream" | "offline";
                /** @description Seed of weights, inputs and of the bootstrap: the same seed repeats the run. Default 0. */
                seed?: number;
                /** @description How far the medians of those windows may lie apart, as a share of the least; of ten shorter windows twice as far, which is perf_analyzer’s default of 10 %. Default 0.05. */
                stabilityTolerance?: number;
                /** @description Windows whose medians must agree for a run to be steady, in warm-up and timing; NVIDIA’s perf_analyzer compares three. Default 3. */
                stabilityWindows?: number;
                /** @description On CUDA, whether float32 convolutions and matrix products may round their factors to TF32 (10 bits of mantissa), as the libraries do by themselves. false sets NVIDIA_TF32_OVERRIDE=0 for the process. Default true. */
                tf32?: boolean;
                /** @description Threads of the runtime where it has them; 0 means one per physical core, since two hyper-threads share one vector unit and timing then depends on how they are paired. Default 0. */
                threads?: number;
                /** @description Warm up for at least this long, then until three windows agree, at most three times as long. A second covers the clock ramp of a CPU governor and the first allocations of an arena. Default 1000; 300 in a comparison. */
                warmupMs?: number;
            };
            /**
             * @description The weights to use: those of the registered ONNX file, or seeded ones. If left out, the file’s where it has them. With the file’s, onnxruntime runs the file itself, at its own sizes where it states them.
             * @enum {string}
             */
            weights?: "seeded" | "file";
        };
        /** NewSession */
        NewSession: {
            /** @description An API key. */
            key: string;
        };
        /**
         * NewSweep
         * @description As a run, at several batches.
         */
        NewSweep: {
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            architectureId: string;
            backend?: components["schemas"]["BackendName"];
            /**
             * @description Images per call, each measured by a run of its own.
             * @example [
             *       1,
             *       2,
             *       4,
             *       8,
             *       16
             *     ]
             */
            batches: number[];
            /** @description `cpu:0` or `cuda:0` on the host that answers, `host/cuda:0`, or a UUID from the list of devices; `cpu` or `cuda` where there is one of that kind. If left out, the only device; where there are several, the request is refused. */
            device?: string;
            /**
             * @description Sizes of dims that an ONNX file leaves open, by its own names for them, in place of those that it was registered at.
             * @example height:640,width:640
             */
            dims?: string;
            /** @description Measure even if a run with a valid certificate has measured the same (same content, settings, device, driver and version of the runtime). Otherwise that run is returned. */
            fresh?: boolean;
            /**
             * @description Shape of the one input without the batch, for an ONNX file that leaves sizes open, in place of the one at registration.
             * @example [
             *       3,
             *       640,
             *       640
             *     ]
             */
            inputShape?: number[];
            /** @description Labels of your own for finding runs: at most 32 names of letters, digits, "_", ".", "/" or "-", with texts of at most 256 characters. */
            labels?: {
                [key: string]: string;
            };
            /**
             * @default float32
             * @enum {string}
             */
            precision: "float32" | "float16";
            /**
             * @description Higher goes first. Above 10 it takes a key of an admin.
             * @default 0
             */
            priority: number;
            /**
             * @description Adds a pass after the timing that times each layer, and measures the ceilings to compare with. The run’s layer profile then has both.
             * @default false
             */
            profile: boolean;
            /** @description Replaces height and width of the input: 224, or "224x320" for height 224 and width 320. */
            resolution?: number | string;
            /**
             * @description If left out, the only runtime that works on the device; where several work, the request is refused.
             * @enum {string}
             */
            runtime?: "onnxruntime" | "tfjs";
            /** @description Settings of the timing. */
            settings?: {
                /**
                 * @description On CUDA, how cuDNN chooses the algorithm of a convolution (cudnn_conv_algo_search): exhaustive tries all at the first call, heuristic asks for a guess, default takes one and the same. Default exhaustive.
                 * @enum {string}
                 */
                convSearch?: "exhaustive" | "heuristic" | "default";
                /** @description On CUDA, whether the kernels of a call are captured once and launched as one graph (enable_cuda_graph): small batches are then no longer bound by launches from the CPU. The profile of layers is taken without. Default false. */
                cudaGraph?: boolean;
                /** @description A trend (Mann–Kendall, 1 %) counts where it moves the median by more than this share from the first window to the last. Default 0.02. */
                driftTolerance?: number;
                /** @description On CUDA, whether a convolution and its bias are one operation of cuDNN (fuse_conv_bias). With layout nhwc in float16 it saves up to a third of a call on an H200; finding its kernels makes the first call seconds longer. Default false. */
                fuseConvBias?: boolean;
                /** @description On CUDA, the most memory of the GPU that weights, activations and the work space of kernels may take together (gpu_mem_limit); 0 means what is free. A run that needs more fails with OUT_OF_MEMORY, as it would on a smaller GPU. What CUDA and its libraries take for themselves comes on top. Default 0. */
                gpuMemoryBytes?: number;
                /**
                 * @description How far the runtime rewrites the graph before running it, by ONNX Runtime’s names: basic folds constants, extended fuses nodes, all changes layouts as well. Default all.
                 * @enum {string}
                 */
                graphOptimization?: "disabled" | "basic" | "extended" | "all";
                /**
                 * @description On CUDA, the order in which convolutions, poolings and normalizations keep their data (prefer_nhwc). What the network takes and gives stays N×C×H×W; the runtime transposes where it must. Default nchw.
                 * @enum {string}
                 */
                layout?: "nchw" | "nhwc";
                /** @description The cap of the timed part. A run that reaches it before it is stable and has its samples is suspect. Default 60000; 10000 in a comparison. */
                maxDurationMs?: number;
                /** @description Time for at least this long, so that a sample of a fast network still sees scheduler ticks and neighbors that come and go. Default 2000; 700 in a comparison. */
                minDurationMs?: number;
                /** @description Time at least this many calls; 64 is the least that states a 90th percentile (11 for a median, 662 for a 99th). Default 64; 5 in a comparison. */
                minSamples?: number;
                /**
                 * @description endToEnd: a call takes the input from the host and brings the output back. resident: both stay on the device. ONNX Runtime binds them there; its back end node cannot, so that there the input is scaled by a scalar from the host and one scalar an output comes back, and the result names the operations this adds. Default endToEnd.
                 * @enum {string}
                 */
                mode?: "endToEnd" | "resident";
                /** @description How far the median may lie from that of the latest ten runs of the same measurement, as a share of it, where three or more were made. Of no meaning in a comparison, whose rounds answer for that. Default 0.03. */
                repeatTolerance?: number;
                /**
                 * @description Who waits (MLPerf Inference’s names). `singleStream`: each call is timed by itself, the next begins when it has ended; what a user of one image waits. `offline`: all images are there, calls follow one another with nothing between, and a sample is the mean of a block of them; what a pile of images takes, so no tails are stated. Default singleStream.
                 * @enum {string}
                 */
                scenario?: "singleStream" | "offline";
                /** @description Seed of weights, inputs and of the bootstrap: the same seed repeats the run. Default 0. */
                seed?: number;
                /** @description How far the medians of those windows may lie apart, as a share of the least; of ten shorter windows twice as far, which is perf_analyzer’s default of 10 %. Default 0.05. */
                stabilityTolerance?: number;
                /** @description Windows whose medians must agree for a run to be steady, in warm-up and timing; NVIDIA’s perf_analyzer compares three. Default 3. */
                stabilityWindows?: number;
                /** @description On CUDA, whether float32 convolutions and matrix products may round their factors to TF32 (10 bits of mantissa), as the libraries do by themselves. false sets NVIDIA_TF32_OVERRIDE=0 for the process. Default true. */
                tf32?: boolean;
                /** @description Threads of the runtime where it has them; 0 means one per physical core, since two hyper-threads share one vector unit and timing then depends on how they are paired. Default 0. */
                threads?: number;
                /** @description Warm up for at least this long, then until three windows agree, at most three times as long. A second covers the clock ramp of a CPU governor and the first allocations of an arena. Default 1000; 300 in a comparison. */
                warmupMs?: number;
            };
            /**
             * @description Counted from the start of the run, without the time in the queue.
             * @default 600000
             */
            timeoutMs: number;
            /**
             * @description The weights to use: those of the registered ONNX file, or seeded ones. If left out, the file’s where it has them. With the file’s, onnxruntime runs the file itself, at its own sizes where it states them.
             * @enum {string}
             */
            weights?: "seeded" | "file";
        };
        /**
         * NewTfjsArchitecture
         * @description A TensorFlow.js layers model.
         */
        NewTfjsArchitecture: {
            /** @description Only with keras or tfjs: shape of the one input without the batch, in the order that Keras uses, e.g. [224, 224, 3], for a model that leaves sizes open. */
            inputShape?: number[];
            /** @description Any name; it need not be unique. */
            name: string;
            /** @description model.json of a TF.js layers model; its weights are not needed. */
            tfjs: {
                [key: string]: unknown;
            };
        };
        /**
         * NewWebhook
         * @description Who is to be told of which events of runs.
         */
        NewWebhook: {
            /**
             * @description What it is for.
             * @example the lab’s chat
             */
            description?: string;
            /** @description Only of runs on any of these devices: name, host/name or UUID. Empty: of all. */
            device?: string[];
            /** @description Those that it is told of. */
            events: components["schemas"]["WebhookEvent"][];
            /** @description Only of runs with every one of these labels: `name` or `name=text`. Empty: of all. */
            label?: string[];
            /**
             * @description Where deliveries go: https, and a public address unless WEBHOOK_ALLOW_HOSTS allows others.
             * @example https://hooks.example/archmeter
             */
            url: string;
        };
        /**
         * NewZooArchitecture
         * @description A network of the zoo.
         */
        NewZooArchitecture: {
            /** @description Any name; it need not be unique. */
            name: string;
            zoo: {
                /** @description A family of the zoo. Give either this or a preset. */
                family: string;
                /** @description Options of the family, as the zoo lists them. */
                options?: {
                    [key: string]: unknown;
                };
            } | {
                /** @description Options of the family, as the zoo lists them. */
                options?: {
                    [key: string]: unknown;
                };
                /** @description A preset of the zoo, e.g. resnet50. */
                preset: string;
            };
        };
        /**
         * Objective
         * @description What the choice goes by.
         * @enum {string}
         */
        Objective: "accuracy" | "efficiency";
        /**
         * Optimizer
         * @enum {string}
         */
        Optimizer: "sgd" | "momentum" | "adam" | "adamw";
        /**
         * OutputField
         * @description Of the last layer before an output whose elements still have positions, [height, width] on the input.
         */
        OutputField: {
            effectiveStride: [
                number,
                number
            ] | null;
            output: string;
            receptiveField: [
                number,
                number
            ];
        };
        /** PeakTensor */
        PeakTensor: {
            /** @description Of the whole batch. */
            bytes: number;
            /** @description Index into `steps`; -1 before the first. */
            from: number;
            kind: components["schemas"]["TensorKind"];
            /** @description How long it is alive. */
            steps: number;
            tensor: string;
            to: number;
        };
        /** PlacedPart */
        PlacedPart: {
            /** @description Of these, those that another device has as well, since layers on both compute with them. */
            copiedWeightBytes: number;
            /** @description In `unit`. */
            cost: number;
            /** @description From 0. */
            device: number;
            firstLayerId: string | null;
            /** @description As the convention counts them. */
            flops: number;
            lastLayerId: string | null;
            /** @description Layers that it computes; by tower its part of them. */
            layers: number;
            /** @description Multiply-adds. */
            macs: number;
            /** @description Those of all devices add up to the network’s, as multiply-adds and flops do. */
            params: number;
            /** @description Most activations alive at once, received ones among them, for one call at a time. */
            peakActivationBytes: number;
            /** @description With weights. */
            peakBytes: number;
            /** @description In one call, from other devices. */
            receivedBytes: number;
            /** @description In one call, to other devices. */
            sentBytes: number;
            /** @description Of `total`. */
            share: number;
            /** @description Parameters and running statistics, copies among them. */
            weightBytes: number;
        };
        /**
         * Placement
         * @description A network split over devices.
         */
        Placement: {
            /** @description By tower: layers that read neighboring channels and make do with those of their device, so that the border differs. */
            approximate: string[];
            /** @description total / (devices × bottleneck.cost): 1 where no device waits for another, or for a link. */
            balance: number;
            batch: number;
            bottleneck: components["schemas"]["PlacementBottleneck"];
            by: components["schemas"]["PlacementWay"];
            /** @description The convention that flops are counted by. */
            convention: string;
            cost: components["schemas"]["PlacementCost"];
            devices: number;
            /** @enum {string} */
            dtype: "float32" | "float16" | "int8" | "file";
            /** @description What each device is given. */
            parts: components["schemas"]["PlacedPart"][];
            /** @description What a byte between devices counts, in `unit`. */
            perByte: number;
            /** @description Cost of the network, summed over devices. */
            total: number;
            /** @description Received by all devices in one call. */
            trafficBytes: number;
            /** @description What goes from device to device in one call. */
            transfers: components["schemas"]["Transfer"][];
            /** @description By tower: layers whose channels cannot be made apart; device 0 computes them. */
            undivided: string[];
            unit: components["schemas"]["PlacementUnit"];
        };
        /**
         * PlacementBottleneck
         * @description What decides how fast results follow one another.
         */
        PlacementBottleneck: {
            at: components["schemas"]["BottleneckPlace"];
            /** @description The greatest of a device or a link; by tower with what the device receives. */
            cost: number;
            /** @description The device; of a link the one that sends. */
            device: number;
        };
        /**
         * PlacementCost
         * @description What is balanced.
         * @enum {string}
         */
        PlacementCost: "macs" | "flops" | "params" | "bytes" | "time";
        /**
         * PlacementUnit
         * @description Of every cost in the answer.
         * @enum {string}
         */
        PlacementUnit: "macs" | "flops" | "params" | "bytes" | "ms";
        /**
         * PlacementWay
         * @description How it is split.
         * @enum {string}
         */
        PlacementWay: "stage" | "tower";
        /**
         * Precision
         * @enum {string}
         */
        Precision: "float32" | "float16";
        /**
         * Prediction
         * @description The latency of a network on a device, learnt from other runs there.
         */
        Prediction: {
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            architectureId: string;
            backend: components["schemas"]["BackendName"];
            batch: number;
            /** @description Where the time goes, the most first. */
            byKind: components["schemas"]["LatencyByKind"][];
            device: string;
            deviceUuid: string;
            error: components["schemas"]["PredictionError"];
            interval: components["schemas"]["PredictionInterval"];
            /** @description Predicted median of a call with the whole batch. */
            latencyMs: number;
            learntFrom: components["schemas"]["LearntFrom"];
            measured: components["schemas"]["MeasuredLatency"] | null;
            /** @description What speaks against the prediction, and what was chosen where the request left it open. */
            notes: string[];
            precision: components["schemas"]["Precision"];
            resolution: string | null;
            runtime: components["schemas"]["RuntimeName"];
            threads: number;
        };
        /**
         * PredictionError
         * @description Of networks that the model had not seen.
         */
        PredictionError: {
            /** @description Networks that were left out, one at a time. */
            architectures: number;
            /** @description Median of |predicted / measured − 1|, %. */
            medianPercent: number;
            /** @description How the error was found. */
            method: string;
            /** @description Name of the network that it is of. */
            worstArchitecture: string;
            /** @description The largest, %. */
            worstPercent: number;
        };
        /**
         * PredictionInterval
         * @description From the errors of leave-one-architecture-out (jackknife), as a factor either way.
         */
        PredictionInterval: {
            /** @description Share of networks like the measured ones whose latency it holds. */
            coverage: number;
            highMs: number;
            lowMs: number;
        };
        /**
         * Problem
         * @description What went wrong (RFC 9457).
         */
        Problem: {
            /**
             * @description Stable; for programs.
             * @enum {string}
             */
            code: "MALFORMED_REQUEST" | "MALFORMED_JSON" | "INVALID_REQUEST" | "INVALID_CURSOR" | "UNKNOWN_CONVENTION" | "INVALID_QUERY" | "QUERY_TOO_COMPLEX" | "UNAUTHENTICATED" | "FORBIDDEN" | "FORBIDDEN_ORIGIN" | "ROUTE_NOT_FOUND" | "ARCHITECTURE_NOT_FOUND" | "ZOO_FAMILY_NOT_FOUND" | "RUN_NOT_FOUND" | "SWEEP_NOT_FOUND" | "KEY_NOT_FOUND" | "WEBHOOK_NOT_FOUND" | "DELIVERY_NOT_FOUND" | "DEVICE_NOT_FOUND" | "METHOD_NOT_ALLOWED" | "NOT_ACCEPTABLE" | "REQUEST_TIMEOUT" | "AMBIGUOUS_DEVICE" | "DEVICE_UNAVAILABLE" | "IDEMPOTENCY_CONFLICT" | "WEBHOOK_DISABLED" | "TOO_MANY_WEBHOOKS" | "LAST_ADMIN" | "RUN_FINISHED" | "RUN_NOT_WAITING" | "SWEEP_FINISHED" | "NOT_COMPARABLE" | "NO_WEIGHTS" | "NO_SAMPLES" | "PREDICTION_NEEDS_RUNS" | "BACKUP_BY_PG_DUMP" | "NO_PROFILE" | "SAMPLES_EXPIRED" | "BODY_TOO_LARGE" | "UNSUPPORTED_MEDIA_TYPE" | "FORBIDDEN_HOST" | "INVALID_GRAPH" | "INVALID_KERAS" | "INVALID_ONNX" | "LIMIT_EXCEEDED" | "COST_OVERFLOW" | "UNKNOWN_ZOO_FAMILY" | "UNKNOWN_ZOO_PRESET" | "INVALID_ZOO_OPTIONS" | "INVALID_BATCH" | "INVALID_RESOLUTION" | "EXPORT_UNSUPPORTED" | "UNKNOWN_REWRITE" | "INVALID_REWRITE" | "REWRITE_NOT_APPLICABLE" | "INVALID_PLACEMENT" | "WEBHOOK_URL_REFUSED" | "UNSUPPORTED_BY_RUNTIME" | "INVALID_TEXT" | "RATE_LIMITED" | "QUOTA_EXCEEDED" | "QUEUE_FULL" | "HEADERS_TOO_LARGE" | "INTERNAL" | "WEIGHTS_MISSING" | "DATABASE_DAMAGED" | "DATA_FOLDER_IN_USE" | "DATA_FOLDER_UNUSABLE" | "MIGRATION_FAILED" | "BACKUP_UNUSABLE" | "DATA_FOLDER_READ_ONLY" | "OVERLOADED" | "ISSUER_UNREACHABLE" | "DATABASE_UNREACHABLE" | "SHUTTING_DOWN" | "STORAGE_QUOTA_EXCEEDED" | "DISK_FULL";
            /** @description What is wrong and what would be right. */
            detail: string;
            /** @description Every problem, where there are several or they have a position. */
            errors?: {
                layerId?: string | null;
                message: string;
                /** @description JSON pointer into what was sent. */
                path: string;
            }[];
            /** @description Also in the x-request-id header and in the log. */
            requestId: string;
            status: number;
            title: string;
            /** @description Names the code as a URI. */
            type: string;
        };
        /**
         * ProfileRefused
         * @description Why there is no profile although one was asked for. The timing is valid.
         */
        ProfileRefused: {
            code: string;
            message: string;
        };
        /**
         * PublishedFigure
         * @description A figure published elsewhere.
         */
        PublishedFigure: {
            /** @description Why our figure differs, where it does. */
            note?: string;
            /** @description `params`, `macs`, `flops`, `memoryMiB`, `top1` or `top5`. */
            quantity: string;
            /** @description The last digit published, as a power of ten of the unit; 1: exact. */
            rounding?: number;
            source: string;
            /** @description What an accuracy was measured on, where that is not the validation set of ImageNet-1K (ILSVRC-2012). */
            testSet?: string;
            value: number;
        };
        /** QueueList */
        QueueList: {
            items: components["schemas"]["DeviceQueue"][];
        };
        /**
         * QueuePlace
         * @description Only while it waits.
         */
        QueuePlace: {
            basis: components["schemas"]["EstimateBasis"] | null;
            error: number | null;
            etaMs: number | null;
            /** @description 1 starts next. */
            position: number;
            reason: string | null;
        };
        /**
         * Quotas
         * @description What a key may use.
         */
        Quotas: {
            /** @description Bytes of the networks that it registered and nobody deleted: files, and graphs as stored; null: no quota. */
            bytesStored: number | null;
            /** @description Seconds for which its runs may hold devices in a day in UTC; null: no quota. */
            deviceSecondsPerDay: number | null;
            /** @description Runs that it may queue in an hour of the clock, those of sweeps included; null: no quota. */
            runsPerHour: number | null;
        };
        /** Readiness */
        Readiness: {
            checks: {
                [key: string]: {
                    ready: boolean;
                    reason: string | null;
                };
            };
            ready: boolean;
        };
        /**
         * Recommendation
         * @description Which network to take within limits, and why.
         */
        Recommendation: {
            /** @description What the front is over, beside accuracy: macs where nothing is limited. */
            axes: components["schemas"]["RecommendAxis"][];
            binding: components["schemas"]["RecommendAxis"] | null;
            /** @description Networks that were compared. */
            candidates: number;
            chosen: components["schemas"]["Recommended"] | null;
            /** @description The Pareto front, the most accurate first: within the limits, nothing is as accurate and costs less. */
            front: components["schemas"]["Recommended"][];
            latencies: components["schemas"]["RecommendLatencies"] | null;
            /** @description Presets that could not be compared. */
            leftOut: components["schemas"]["LeftOut"][];
            limits: components["schemas"]["LimitUse"][];
            /** @description Where nothing fits: limits of which each, loosened alone, lets something in. */
            loosen: components["schemas"]["Loosened"][];
            nearest: components["schemas"]["NearestNetwork"] | null;
            objective: components["schemas"]["Objective"];
            /** @description Why this network, in words; where none fits, which limit to loosen. */
            reason: string;
            runnerUp: components["schemas"]["RunnerUp"] | null;
            /** @description Networks that keep every limit. */
            within: number;
        };
        /**
         * RecommendAxis
         * @description A cost that networks are compared by.
         * @enum {string}
         */
        RecommendAxis: "macs" | "params" | "peakActivationBytes" | "latencyMs";
        /**
         * Recommended
         * @description A network of the zoo with its published accuracy and its costs for one image.
         */
        Recommended: {
            /** @description Registered architectures that are this network, layer for layer. */
            architectures: components["schemas"]["RecommendedArchitecture"][];
            family: string;
            latency: components["schemas"]["RecommendedLatency"] | null;
            macs: number;
            params: number;
            peakActivationBytes: number;
            /** @description Name of the preset: register it by `{"zoo": {"preset": …}}`. */
            preset: string;
            /** @description Who published it, and of which weights. */
            source: string;
            /** @description Published top-1 accuracy on the validation set of ImageNet-1K, %. */
            top1: number;
        };
        /** RecommendedArchitecture */
        RecommendedArchitecture: {
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description Name of the architecture, which may be deleted since. */
            name: string;
        };
        /**
         * RecommendedLatency
         * @description Of a call with one image on the device asked for.
         */
        RecommendedLatency: {
            latencyMs: number;
            runId: string | null;
        };
        /**
         * RecommendLatencies
         * @description Where latencies are of, and how far off predicted ones are; null where none was asked for.
         */
        RecommendLatencies: {
            backend: components["schemas"]["BackendName"];
            device: string;
            deviceUuid: string;
            error: components["schemas"]["PredictionError"];
            precision: components["schemas"]["Precision"];
            runtime: components["schemas"]["RuntimeName"];
            threads: number;
        };
        /** RecommendRatio */
        RecommendRatio: {
            axis: components["schemas"]["RecommendAxis"];
            ratio: number;
        };
        /**
         * Repeatability
         * @description How far identical runs vary on this device; the interval includes it.
         */
        Repeatability: {
            degreesOfFreedom: number | null;
            /** @description Standard deviation of the logarithm of the medians of identical runs. */
            deviation: number;
        };
        /**
         * RequestedDeviceState
         * @description What the device is to do.
         * @enum {string}
         */
        RequestedDeviceState: "active" | "paused" | "drained";
        /**
         * Rewrite
         * @description A change of a network that can be asked for.
         */
        Rewrite: {
            /** @description The outputs stay the same for the same weights, up to rounding. */
            exact: boolean;
            /** @description What it costs, in accuracy or otherwise. */
            givesUp: string;
            name: string;
            /** @description JSON Schema (2020-12) of the options, defaults included. */
            options: {
                [key: string]: unknown;
            };
            /** @description Where the rule comes from. */
            source: string;
            /** @description What becomes what. */
            summary: string;
            /** @description It changes the network as a whole: no layers are named. */
            whole: boolean;
        };
        /**
         * RewriteDifference
         * @description `after` − `before`: below 0 is saved.
         */
        RewriteDifference: {
            buffers: number;
            flops: number;
            layers: number;
            macs: number;
            memoryKiB: number;
            params: number;
            peakActivationBytes: number;
            weightBytes: number;
        };
        /** RewriteLayer */
        RewriteLayer: {
            after: components["schemas"]["RewriteLayerSide"] | null;
            before: components["schemas"]["RewriteLayerSide"] | null;
            change: components["schemas"]["LayerChangeKind"];
            id: string;
            weights: components["schemas"]["WeightOrigin"] | null;
        };
        /** RewriteLayerSide */
        RewriteLayerSide: {
            flops: number;
            macs: number;
            memoryKiB: number;
            outputShape: number[];
            params: number;
            receptiveField: [
                number,
                number
            ];
            type: string;
        };
        /** RewriteList */
        RewriteList: {
            items: components["schemas"]["Rewrite"][];
        };
        /**
         * RewriteResult
         * @description A network beside what a recipe makes of it.
         */
        RewriteResult: {
            after: components["schemas"]["RewriteTotals"];
            /** @description Weights that stand for others of the file, as factors of a matrix do; empty in a preview, which reads no weights. */
            approximations: components["schemas"]["WeightApproximation"][];
            architecture: components["schemas"]["Architecture"] | null;
            /**
             * Format: uuid
             * @description The architecture that was rewritten.
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            architectureId: string;
            batch: number;
            before: components["schemas"]["RewriteTotals"];
            /** @description The convention that flops are counted by. */
            convention: string;
            difference: components["schemas"]["RewriteDifference"];
            /** @description Every step keeps the outputs for the same weights, up to rounding. */
            exact: boolean;
            /** @description Layers of the new network in its order, then those that went. Their differences sum to the totals’ difference. */
            layers: components["schemas"]["RewriteLayer"][];
            /** @description The architecture has a file with its weights: they are kept, derived or, where new, seeded in a file of the new one. */
            ownWeights: boolean;
            receptiveField: {
                after: components["schemas"]["OutputField"][];
                before: components["schemas"]["OutputField"][];
                /** @description Every output of the new network sees what it saw before, at the same stride. */
                kept: boolean;
            };
            steps: components["schemas"]["AppliedRewrite"][];
            weights: components["schemas"]["RewriteWeights"];
        };
        /**
         * RewriteStep
         * @description One step of a recipe.
         */
        RewriteStep: {
            /** @description Ids of the layers to change. Default: all that it applies to and that gain by it. */
            layers?: string[];
            /** @description Options of the rewrite. Default: its defaults. */
            options?: {
                [key: string]: unknown;
            };
            /** @description Name of a rewrite, as the list of rewrites has it. */
            rewrite: string;
        };
        /** RewriteTotals */
        RewriteTotals: {
            buffers: number;
            flops: number;
            layers: number;
            macs: number;
            memoryKiB: number;
            params: number;
            peakActivationBytes: number;
            weightBytes: number;
        };
        /**
         * RewriteWeights
         * @description Parameters and running statistics of the new network, by where their numbers come from.
         */
        RewriteWeights: {
            derived: number;
            kept: number;
            new: number;
        };
        /**
         * Role
         * @description What a key may do.
         * @enum {string}
         */
        Role: "reader" | "runner" | "admin";
        /** Run */
        Run: {
            against: components["schemas"]["RunAgainst"] | null;
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            architectureId: string;
            /** @description Name of the architecture, which may be deleted since. */
            architectureName: string;
            /** @description Executions started: more than one where the service stopped, or lost its device, during the run. */
            attempt: number;
            backend: components["schemas"]["BackendName"];
            batch: number;
            cancelRequestedAt: string | null;
            certificate: components["schemas"]["Certificate"] | null;
            comparison: components["schemas"]["Comparison"] | null;
            /** @example cpu:0 */
            device: string;
            deviceUuid: string;
            environment: {
                [key: string]: unknown;
            } | null;
            error: components["schemas"]["RunError"] | null;
            finishedAt: string | null;
            host: string;
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description The key that queued it; null where it was queued without one. */
            key: components["schemas"]["RunKey"] | null;
            /** @description Labels of your own for finding runs: at most 32 names of letters, digits, "_", ".", "/" or "-", with texts of at most 256 characters. */
            labels: {
                [key: string]: string;
            };
            links: {
                architecture: string;
                events: string;
                profile: string;
                samples: string;
                self: string;
            };
            /**
             * @description Only in the answer to this request: what the service chose where the request left it open, and why an existing run or sweep was returned.
             * @example [
             *       "device: cpu:0, the only one there is"
             *     ]
             */
            notes?: string[];
            precision: components["schemas"]["Precision"];
            priority: number;
            profile: boolean;
            queue: components["schemas"]["QueuePlace"] | null;
            /** Format: date-time */
            queuedAt: string;
            resolution: string | null;
            result: components["schemas"]["RunResult"] | null;
            rounds: number | null;
            runtime: components["schemas"]["RuntimeName"];
            settings: {
                /**
                 * @description On CUDA, how cuDNN chooses the algorithm of a convolution (cudnn_conv_algo_search): exhaustive tries all at the first call, heuristic asks for a guess, default takes one and the same.
                 * @default exhaustive
                 * @enum {string}
                 */
                convSearch: "exhaustive" | "heuristic" | "default";
                /**
                 * @description On CUDA, whether the kernels of a call are captured once and launched as one graph (enable_cuda_graph): small batches are then no longer bound by launches from the CPU. The profile of layers is taken without.
                 * @default false
                 */
                cudaGraph: boolean;
                /**
                 * @description A trend (Mann–Kendall, 1 %) counts where it moves the median by more than this share from the first window to the last.
                 * @default 0.02
                 */
                driftTolerance: number;
                /**
                 * @description On CUDA, whether a convolution and its bias are one operation of cuDNN (fuse_conv_bias). With layout nhwc in float16 it saves up to a third of a call on an H200; finding its kernels makes the first call seconds longer.
                 * @default false
                 */
                fuseConvBias: boolean;
                /**
                 * @description On CUDA, the most memory of the GPU that weights, activations and the work space of kernels may take together (gpu_mem_limit); 0 means what is free. A run that needs more fails with OUT_OF_MEMORY, as it would on a smaller GPU. What CUDA and its libraries take for themselves comes on top.
                 * @default 0
                 */
                gpuMemoryBytes: number;
                /**
                 * @description How far the runtime rewrites the graph before running it, by ONNX Runtime’s names: basic folds constants, extended fuses nodes, all changes layouts as well.
                 * @default all
                 * @enum {string}
                 */
                graphOptimization: "disabled" | "basic" | "extended" | "all";
                /**
                 * @description On CUDA, the order in which convolutions, poolings and normalizations keep their data (prefer_nhwc). What the network takes and gives stays N×C×H×W; the runtime transposes where it must.
                 * @default nchw
                 * @enum {string}
                 */
                layout: "nchw" | "nhwc";
                /**
                 * @description The cap of the timed part. A run that reaches it before it is stable and has its samples is suspect.
                 * @default 60000
                 */
                maxDurationMs: number;
                /**
                 * @description Time for at least this long, so that a sample of a fast network still sees scheduler ticks and neighbors that come and go.
                 * @default 2000
                 */
                minDurationMs: number;
                /**
                 * @description Time at least this many calls; 64 is the least that states a 90th percentile (11 for a median, 662 for a 99th).
                 * @default 64
                 */
                minSamples: number;
                /**
                 * @description endToEnd: a call takes the input from the host and brings the output back. resident: both stay on the device. ONNX Runtime binds them there; its back end node cannot, so that there the input is scaled by a scalar from the host and one scalar an output comes back, and the result names the operations this adds.
                 * @default endToEnd
                 * @enum {string}
                 */
                mode: "endToEnd" | "resident";
                /**
                 * @description How far the median may lie from that of the latest ten runs of the same measurement, as a share of it, where three or more were made. Of no meaning in a comparison, whose rounds answer for that.
                 * @default 0.03
                 */
                repeatTolerance: number;
                /**
                 * @description Who waits (MLPerf Inference’s names). `singleStream`: each call is timed by itself, the next begins when it has ended; what a user of one image waits. `offline`: all images are there, calls follow one another with nothing between, and a sample is the mean of a block of them; what a pile of images takes, so no tails are stated.
                 * @default singleStream
                 * @enum {string}
                 */
                scenario: "singleStream" | "offline";
                /**
                 * @description Seed of weights, inputs and of the bootstrap: the same seed repeats the run.
                 * @default 0
                 */
                seed: number;
                /**
                 * @description How far the medians of those windows may lie apart, as a share of the least; of ten shorter windows twice as far, which is perf_analyzer’s default of 10 %.
                 * @default 0.05
                 */
                stabilityTolerance: number;
                /**
                 * @description Windows whose medians must agree for a run to be steady, in warm-up and timing; NVIDIA’s perf_analyzer compares three.
                 * @default 3
                 */
                stabilityWindows: number;
                /**
                 * @description On CUDA, whether float32 convolutions and matrix products may round their factors to TF32 (10 bits of mantissa), as the libraries do by themselves. false sets NVIDIA_TF32_OVERRIDE=0 for the process.
                 * @default true
                 */
                tf32: boolean;
                /**
                 * @description Threads of the runtime where it has them; 0 means one per physical core, since two hyper-threads share one vector unit and timing then depends on how they are paired.
                 * @default 0
                 */
                threads: number;
                /**
                 * @description Warm up for at least this long, then until three windows agree, at most three times as long. A second covers the clock ramp of a CPU governor and the first allocations of an arena.
                 * @default 1000
                 */
                warmupMs: number;
            };
            sizes: components["schemas"]["RunSizes"] | null;
            startedAt: string | null;
            status: components["schemas"]["RunStatus"];
            timeoutMs: number;
            weights: components["schemas"]["WeightsOrigin"];
        };
        /**
         * RunAgainst
         * @description Side b of a comparison, in full; null for any other run.
         */
        RunAgainst: {
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            architectureId: string;
            /** @description Name of the architecture, which may be deleted since. */
            architectureName: string;
            backend: components["schemas"]["BackendName"];
            batch: number;
            precision: components["schemas"]["Precision"];
            resolution: string | null;
            runtime: components["schemas"]["RuntimeName"];
            settings: {
                /**
                 * @description On CUDA, how cuDNN chooses the algorithm of a convolution (cudnn_conv_algo_search): exhaustive tries all at the first call, heuristic asks for a guess, default takes one and the same.
                 * @default exhaustive
                 * @enum {string}
                 */
                convSearch: "exhaustive" | "heuristic" | "default";
                /**
                 * @description On CUDA, whether the kernels of a call are captured once and launched as one graph (enable_cuda_graph): small batches are then no longer bound by launches from the CPU. The profile of layers is taken without.
                 * @default false
                 */
                cudaGraph: boolean;
                /**
                 * @description A trend (Mann–Kendall, 1 %) counts where it moves the median by more than this share from the first window to the last.
                 * @default 0.02
                 */
                driftTolerance: number;
                /**
                 * @description On CUDA, whether a convolution and its bias are one operation of cuDNN (fuse_conv_bias). With layout nhwc in float16 it saves up to a third of a call on an H200; finding its kernels makes the first call seconds longer.
                 * @default false
                 */
                fuseConvBias: boolean;
                /**
                 * @description On CUDA, the most memory of the GPU that weights, activations and the work space of kernels may take together (gpu_mem_limit); 0 means what is free. A run that needs more fails with OUT_OF_MEMORY, as it would on a smaller GPU. What CUDA and its libraries take for themselves comes on top.
                 * @default 0
                 */
                gpuMemoryBytes: number;
                /**
                 * @description How far the runtime rewrites the graph before running it, by ONNX Runtime’s names: basic folds constants, extended fuses nodes, all changes layouts as well.
                 * @default all
                 * @enum {string}
                 */
                graphOptimization: "disabled" | "basic" | "extended" | "all";
                /**
                 * @description On CUDA, the order in which convolutions, poolings and normalizations keep their data (prefer_nhwc). What the network takes and gives stays N×C×H×W; the runtime transposes where it must.
                 * @default nchw
                 * @enum {string}
                 */
                layout: "nchw" | "nhwc";
                /**
                 * @description The cap of the timed part. A run that reaches it before it is stable and has its samples is suspect.
                 * @default 60000
                 */
                maxDurationMs: number;
                /**
                 * @description Time for at least this long, so that a sample of a fast network still sees scheduler ticks and neighbors that come and go.
                 * @default 2000
                 */
                minDurationMs: number;
                /**
                 * @description Time at least this many calls; 64 is the least that states a 90th percentile (11 for a median, 662 for a 99th).
                 * @default 64
                 */
                minSamples: number;
                /**
                 * @description endToEnd: a call takes the input from the host and brings the output back. resident: both stay on the device. ONNX Runtime binds them there; its back end node cannot, so that there the input is scaled by a scalar from the host and one scalar an output comes back, and the result names the operations this adds.
                 * @default endToEnd
                 * @enum {string}
                 */
                mode: "endToEnd" | "resident";
                /**
                 * @description How far the median may lie from that of the latest ten runs of the same measurement, as a share of it, where three or more were made. Of no meaning in a comparison, whose rounds answer for that.
                 * @default 0.03
                 */
                repeatTolerance: number;
                /**
                 * @description Who waits (MLPerf Inference’s names). `singleStream`: each call is timed by itself, the next begins when it has ended; what a user of one image waits. `offline`: all images are there, calls follow one another with nothing between, and a sample is the mean of a block of them; what a pile of images takes, so no tails are stated.
                 * @default singleStream
                 * @enum {string}
                 */
                scenario: "singleStream" | "offline";
                /**
                 * @description Seed of weights, inputs and of the bootstrap: the same seed repeats the run.
                 * @default 0
                 */
                seed: number;
                /**
                 * @description How far the medians of those windows may lie apart, as a share of the least; of ten shorter windows twice as far, which is perf_analyzer’s default of 10 %.
                 * @default 0.05
                 */
                stabilityTolerance: number;
                /**
                 * @description Windows whose medians must agree for a run to be steady, in warm-up and timing; NVIDIA’s perf_analyzer compares three.
                 * @default 3
                 */
                stabilityWindows: number;
                /**
                 * @description On CUDA, whether float32 convolutions and matrix products may round their factors to TF32 (10 bits of mantissa), as the libraries do by themselves. false sets NVIDIA_TF32_OVERRIDE=0 for the process.
                 * @default true
                 */
                tf32: boolean;
                /**
                 * @description Threads of the runtime where it has them; 0 means one per physical core, since two hyper-threads share one vector unit and timing then depends on how they are paired.
                 * @default 0
                 */
                threads: number;
                /**
                 * @description Warm up for at least this long, then until three windows agree, at most three times as long. A second covers the clock ramp of a CPU governor and the first allocations of an arena.
                 * @default 1000
                 */
                warmupMs: number;
            };
            sizes: components["schemas"]["RunSizes"] | null;
            weights: components["schemas"]["WeightsOrigin"];
        };
        /** RunComparison */
        RunComparison: {
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            a: string;
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            b: string;
            /** @description What weakens the verdict, and how to avoid it. */
            cautions: string[];
            /**
             * @description The confidence of the verdict: equal sides are called different with a probability of at most 1 minus this.
             * @example 0.99
             */
            confidence: number;
            /** @description Conditions in which the two differ, on purpose or not: device, driver, runtime, clocks, settings. */
            differences: components["schemas"]["ConditionDifference"][];
            /** @description Of the ratio, at `confidence`. */
            interval: [
                number,
                number
            ];
            /** @description Time per image of b over that of a: below 1, b is faster. */
            ratio: number;
            repeatability: components["schemas"]["Repeatability"];
            verdict: components["schemas"]["ComparisonVerdict"];
        };
        /**
         * RunCosts
         * @description One call with the whole batch as it was run. Absent in runs of earlier versions.
         */
        RunCosts: {
            /**
             * @description The types that bytes are counted in: `file`, each tensor in the one that the file it ran from has it in.
             * @enum {string}
             */
            dtype: "float32" | "float16" | "int8" | "file";
            /** @description Multiply-accumulates of the whole batch. */
            macs: number;
            macsByPrecision: components["schemas"]["MacsByPrecision"];
            /** @description True where layers that may multiply could not be counted. */
            partial: boolean;
            /** @description Largest amount alive at once, with buffers reused. */
            peakActivationBytes: number;
            /** @description Parameters and buffers, as they are stored there. */
            weightBytes: number;
        };
        /** RunError */
        RunError: {
            code: string;
            message: string;
        };
        /** RunEvent */
        RunEvent: {
            /** Format: date-time */
            at: string;
            data: {
                [key: string]: unknown;
            };
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            runId: string;
            /** @description 1, 2, 3 … without gaps. */
            seq: number;
            /** @description `queued`, `started`, `phase`, `progress`, `requeued`, `reprioritized`, or the final status. */
            type: string;
        };
        /** RunEventMessage */
        RunEventMessage: {
            /** @description A RunEvent as JSON. */
            data: string;
            /** @description The event’s `type`. */
            event: string;
            /** @description The event’s `seq`: what Last-Event-ID sends back. */
            id: string;
        };
        /**
         * RunKey
         * @description A key that queued a run.
         */
        RunKey: {
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            name: string | null;
            /**
             * @description Its beginning, by which people tell keys apart.
             * @example amk_0a1b2c3d
             */
            prefix: string;
        };
        /**
         * RunnerUp
         * @description What the objective takes from the front without the choice.
         */
        RunnerUp: {
            network: components["schemas"]["Recommended"];
            /** @description Its cost over that of the choice, for each axis of the front. */
            ratios: components["schemas"]["RecommendRatio"][];
            /** @description Its top-1 less that of the choice, points. */
            top1Difference: number;
        };
        /** RunningEntry */
        RunningEntry: {
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            architectureId: string;
            /** @description Name of the architecture, which may be deleted since. */
            architectureName: string;
            basis: components["schemas"]["EstimateBasis"] | null;
            batch: number;
            error: number | null;
            etaMs: number | null;
            /** @description Labels of your own for finding runs: at most 32 names of letters, digits, "_", ".", "/" or "-", with texts of at most 256 characters. */
            labels: {
                [key: string]: string;
            };
            priority: number;
            /** Format: date-time */
            queuedAt: string;
            reason: string | null;
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            runId: string;
            runtime: components["schemas"]["RuntimeName"];
            /** Format: date-time */
            startedAt: string;
        };
        /**
         * RunOutput
         * @description To compare runtimes by.
         */
        RunOutput: {
            agreement: components["schemas"]["Agreement"] | null;
            elements: number;
            first: (number | null)[];
            maxAbs: number | null;
        };
        /** RunPage */
        RunPage: {
            items: components["schemas"]["Run"][];
            nextCursor: string | null;
            /** @description All that fit, on whatever page; only where `total=true` asks for it. */
            total?: number;
        };
        /**
         * RunPriority
         * @description What is to change of a waiting run.
         */
        RunPriority: {
            /** @description Higher goes first. Above 10 it takes a key of an admin. */
            priority: number;
        };
        /**
         * RunProfile
         * @description Taken in a separate pass, which is slower than the timed one. The run’s layer profile joins it to the costs.
         */
        RunProfile: {
            ceilings?: components["schemas"]["Ceilings"];
            kernelOverhead?: components["schemas"]["KernelOverhead"];
            launchBlocking?: boolean | null;
            /** @description How the times were taken: by which clock, from when to when. */
            method?: string;
            perLayer: components["schemas"]["LayerTime"][];
            runs: number;
            totalMs: number;
            unattributedMs: number;
        };
        /** RunResult */
        RunResult: {
            /** @description Operations that mode resident adds to the network; they are timed with it. */
            addedOps: string[];
            /** @description 1; in the offline scenario, the number of calls that each sample averages. */
            callsPerSample: number;
            copiesMs: components["schemas"]["CopyTimes"] | null;
            costs?: components["schemas"]["RunCosts"];
            firstRunMs: number;
            latencyMs: components["schemas"]["Latency"];
            loadMs: number;
            output: components["schemas"]["RunOutput"];
            profile: components["schemas"]["RunProfile"] | null;
            profileRefused?: components["schemas"]["ProfileRefused"] | null;
            samples: number;
            /** @description True where the network had been loaded by an earlier run in the same process: then loadMs is the time of that load, and firstRunMs is not that of its first call. */
            sessionCached: boolean;
            stable: boolean;
            /** @description Images per second. */
            throughputPerSecond: number;
            warmup: components["schemas"]["Warmup"];
            weights: components["schemas"]["WeightsOrigin"];
        };
        /**
         * RunSizes
         * @description Sizes of an ONNX file that leaves them open; null where it ran at those of its registration.
         */
        RunSizes: {
            /** @description Sizes by the names that the file has for its dims. */
            dims?: {
                [key: string]: number;
            };
            /** @description Shape of the one input without the batch. */
            inputShape?: number[];
        };
        /**
         * RunStatus
         * @enum {string}
         */
        RunStatus: "queued" | "running" | "succeeded" | "failed" | "cancelled" | "timedOut";
        /**
         * RunsToCancel
         * @description Which runs: those that fit every part that is given, as in the list of runs. At least one part.
         */
        RunsToCancel: {
            /** @description Part of the name of its architecture, in any case. */
            architecture?: string;
            /** @description Of any of these architectures. */
            architectureId?: string[];
            /** @description On any of these devices: name, host/name or UUID. */
            device?: string[];
            /**
             * Format: date-time
             * @description Ended at this moment or after it.
             */
            finishedAfter?: string;
            /**
             * Format: date-time
             * @description Ended before this moment.
             */
            finishedBefore?: string;
            /** @description Queued by any of these keys: id, or beginning (`amk_0a1b2c3d`); `none`: without a key. */
            key?: string[];
            /** @description With every one of these labels: `name` or `name=text`. */
            label?: string[];
            /**
             * Format: date-time
             * @description Queued at this moment or after it.
             */
            queuedAfter?: string;
            /**
             * Format: date-time
             * @description Queued before this moment.
             */
            queuedBefore?: string;
            /** @description By any of these runtimes. */
            runtime?: components["schemas"]["RuntimeName"][];
            /** @description In any of these states. */
            status?: components["schemas"]["RunStatus"][];
            /** @description With any of these verdicts of its certificate. */
            verdict?: components["schemas"]["Verdict"][];
        };
        /** RuntimeCapabilities */
        RuntimeCapabilities: {
            maxThreads: number;
            /** @description It can profile layer by layer. */
            perLayer: boolean;
            precisions: components["schemas"]["Precision"][];
            /** @description Copies to and from the device are timed apart from compute. */
            separatesCopies: boolean;
            /** @description Settings of a run that it supports; any other must have its default. */
            settings: components["schemas"]["RuntimeSetting"][];
        };
        /**
         * RuntimeName
         * @description What executes the network.
         * @enum {string}
         */
        RuntimeName: "onnxruntime" | "tfjs";
        /** RuntimeOnDevice */
        RuntimeOnDevice: {
            backend: components["schemas"]["BackendName"];
            capabilities: components["schemas"]["RuntimeCapabilities"] | null;
            command: string | null;
            reason: string | null;
            runtime: components["schemas"]["RuntimeName"];
            /** @description Determined by running a tiny graph. */
            usable: boolean;
            version: string | null;
        };
        /**
         * RuntimeSetting
         * @enum {string}
         */
        RuntimeSetting: "graphOptimization" | "tf32" | "mode" | "cudaGraph" | "layout" | "convSearch" | "fuseConvBias" | "gpuMemoryBytes";
        /**
         * SampleQuantile
         * @description A quantile of the samples.
         */
        SampleQuantile: {
            /** @description By linear interpolation between neighbors. */
            ms: number;
            /** @description The share of samples that are no larger. */
            quantile: number;
            /** @description Whether the samples are enough to state it by the rule that the run’s own percentiles follow; if not, it only describes them. */
            stated: boolean;
        };
        /** Samples */
        Samples: {
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            runId: string;
            /** @description Every timed call, in order. */
            samples: number[];
            /** @enum {string} */
            unit: "ms";
        };
        /** Saved */
        Saved: {
            macs: number;
            memoryKiB: number;
            params: number;
        };
        /**
         * SavedShare
         * @description Of the network’s own; below 0 where it costs more.
         */
        SavedShare: {
            macs: number;
            memoryKiB: number;
            params: number;
        };
        /** Saving */
        Saving: {
            givesUp: string;
            /** @description Layers that it would change; 0 where it changes the network as a whole. */
            layers: number;
            /** @description With its default options. A preview of the rewrite shows it in full. */
            rewrite: string;
            saved: components["schemas"]["Saved"];
            savedMs: number | null;
            share: components["schemas"]["SavedShare"];
            source: string;
        };
        /**
         * Session
         * @description Who the service takes the caller for.
         */
        Session: {
            expiresAt: string | null;
            /** @description The key; null where none has been made. */
            key: components["schemas"]["KeySummary"] | null;
            role: components["schemas"]["Role"];
        };
        /**
         * StructuralDiff
         * @description Layers are matched in topological order, as two sequences are aligned (Needleman and Wunsch, 1970): only layers of one op pair; a pair counts 4, and 3 more for equal attributes, 3 for an equal output shape, 2 for an equal input shape, 1 for an equal name; the alignment of the highest sum is taken. Of a pair whose attributes, shapes and origin of inputs are equal the layer is the same, else it is changed; layers without a partner are removed or added.
         */
        StructuralDiff: {
            added: number;
            changed: number;
            difference: components["schemas"]["CostDifference"];
            /** @description Layers that are not the same, in the order in which they run. */
            layers: components["schemas"]["LayerDifference"][];
            removed: number;
            /** @description How layers find each other. */
            rule: string;
            same: number;
        };
        /** Sweep */
        Sweep: {
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            architectureId: string;
            /** @description Name of the architecture, which may be deleted since. */
            architectureName: string;
            backend: components["schemas"]["BackendName"];
            /** Format: date-time */
            createdAt: string;
            /** @example cpu:0 */
            device: string;
            deviceUuid: string;
            host: string;
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            knee: components["schemas"]["SweepKnee"] | null;
            /** @description Labels of your own for finding runs: at most 32 names of letters, digits, "_", ".", "/" or "-", with texts of at most 256 characters. */
            labels: {
                [key: string]: string;
            };
            links: {
                architecture: string;
                self: string;
            };
            /**
             * @description Only in the answer to this request: what the service chose where the request left it open, and why an existing run or sweep was returned.
             * @example [
             *       "device: cpu:0, the only one there is"
             *     ]
             */
            notes?: string[];
            /** @description The latency–throughput curve, by rising batch. */
            points: components["schemas"]["SweepPoint"][];
            precision: components["schemas"]["Precision"];
            resolution: string | null;
            runtime: components["schemas"]["RuntimeName"];
            settings: {
                /**
                 * @description On CUDA, how cuDNN chooses the algorithm of a convolution (cudnn_conv_algo_search): exhaustive tries all at the first call, heuristic asks for a guess, default takes one and the same.
                 * @default exhaustive
                 * @enum {string}
                 */
                convSearch: "exhaustive" | "heuristic" | "default";
                /**
                 * @description On CUDA, whether the kernels of a call are captured once and launched as one graph (enable_cuda_graph): small batches are then no longer bound by launches from the CPU. The profile of layers is taken without.
                 * @default false
                 */
                cudaGraph: boolean;
                /**
                 * @description A trend (Mann–Kendall, 1 %) counts where it moves the median by more than this share from the first window to the last.
                 * @default 0.02
                 */
                driftTolerance: number;
                /**
                 * @description On CUDA, whether a convolution and its bias are one operation of cuDNN (fuse_conv_bias). With layout nhwc in float16 it saves up to a third of a call on an H200; finding its kernels makes the first call seconds longer.
                 * @default false
                 */
                fuseConvBias: boolean;
                /**
                 * @description On CUDA, the most memory of the GPU that weights, activations and the work space of kernels may take together (gpu_mem_limit); 0 means what is free. A run that needs more fails with OUT_OF_MEMORY, as it would on a smaller GPU. What CUDA and its libraries take for themselves comes on top.
                 * @default 0
                 */
                gpuMemoryBytes: number;
                /**
                 * @description How far the runtime rewrites the graph before running it, by ONNX Runtime’s names: basic folds constants, extended fuses nodes, all changes layouts as well.
                 * @default all
                 * @enum {string}
                 */
                graphOptimization: "disabled" | "basic" | "extended" | "all";
                /**
                 * @description On CUDA, the order in which convolutions, poolings and normalizations keep their data (prefer_nhwc). What the network takes and gives stays N×C×H×W; the runtime transposes where it must.
                 * @default nchw
                 * @enum {string}
                 */
                layout: "nchw" | "nhwc";
                /**
                 * @description The cap of the timed part. A run that reaches it before it is stable and has its samples is suspect.
                 * @default 60000
                 */
                maxDurationMs: number;
                /**
                 * @description Time for at least this long, so that a sample of a fast network still sees scheduler ticks and neighbors that come and go.
                 * @default 2000
                 */
                minDurationMs: number;
                /**
                 * @description Time at least this many calls; 64 is the least that states a 90th percentile (11 for a median, 662 for a 99th).
                 * @default 64
                 */
                minSamples: number;
                /**
                 * @description endToEnd: a call takes the input from the host and brings the output back. resident: both stay on the device. ONNX Runtime binds them there; its back end node cannot, so that there the input is scaled by a scalar from the host and one scalar an output comes back, and the result names the operations this adds.
                 * @default endToEnd
                 * @enum {string}
                 */
                mode: "endToEnd" | "resident";
                /**
                 * @description How far the median may lie from that of the latest ten runs of the same measurement, as a share of it, where three or more were made. Of no meaning in a comparison, whose rounds answer for that.
                 * @default 0.03
                 */
                repeatTolerance: number;
                /**
                 * @description Who waits (MLPerf Inference’s names). `singleStream`: each call is timed by itself, the next begins when it has ended; what a user of one image waits. `offline`: all images are there, calls follow one another with nothing between, and a sample is the mean of a block of them; what a pile of images takes, so no tails are stated.
                 * @default singleStream
                 * @enum {string}
                 */
                scenario: "singleStream" | "offline";
                /**
                 * @description Seed of weights, inputs and of the bootstrap: the same seed repeats the run.
                 * @default 0
                 */
                seed: number;
                /**
                 * @description How far the medians of those windows may lie apart, as a share of the least; of ten shorter windows twice as far, which is perf_analyzer’s default of 10 %.
                 * @default 0.05
                 */
                stabilityTolerance: number;
                /**
                 * @description Windows whose medians must agree for a run to be steady, in warm-up and timing; NVIDIA’s perf_analyzer compares three.
                 * @default 3
                 */
                stabilityWindows: number;
                /**
                 * @description On CUDA, whether float32 convolutions and matrix products may round their factors to TF32 (10 bits of mantissa), as the libraries do by themselves. false sets NVIDIA_TF32_OVERRIDE=0 for the process.
                 * @default true
                 */
                tf32: boolean;
                /**
                 * @description Threads of the runtime where it has them; 0 means one per physical core, since two hyper-threads share one vector unit and timing then depends on how they are paired.
                 * @default 0
                 */
                threads: number;
                /**
                 * @description Warm up for at least this long, then until three windows agree, at most three times as long. A second covers the clock ramp of a CPU governor and the first allocations of an arena.
                 * @default 1000
                 */
                warmupMs: number;
            };
            sizes: components["schemas"]["RunSizes"] | null;
            status: components["schemas"]["SweepStatus"];
            weights: components["schemas"]["WeightsOrigin"];
        };
        /**
         * SweepKnee
         * @description Where more latency stops paying off in throughput (Kneedle); null with fewer than three points, or where throughput still grows.
         */
        SweepKnee: {
            batch: number;
            latencyMs: number;
            throughputPerSecond: number;
        };
        /** SweepPage */
        SweepPage: {
            items: components["schemas"]["Sweep"][];
            nextCursor: string | null;
            /** @description All that fit, on whatever page; only where `total=true` asks for it. */
            total?: number;
        };
        /** SweepPoint */
        SweepPoint: {
            batch: number;
            latencyMs: number | null;
            msPerImage: number | null;
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            runId: string;
            status: components["schemas"]["RunStatus"];
            throughputPerSecond: number | null;
            verdict: components["schemas"]["Verdict"] | null;
        };
        /**
         * SweepStatus
         * @description `finished` when every run has ended, whether it succeeded or not.
         * @enum {string}
         */
        SweepStatus: "queued" | "running" | "finished";
        /**
         * TensorKind
         * @enum {string}
         */
        TensorKind: "input" | "activation" | "checkpoint" | "recomputed" | "gradient";
        /**
         * ThinnedSamples
         * @description Fewer samples that show what all of them do.
         */
        ThinnedSamples: {
            /** @description Samples of the run. */
            count: number;
            /** @description Of the samples kept, in the order measured. */
            indices: number[];
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            runId: string;
            /** @description The samples kept. */
            samples: number[];
            unit: components["schemas"]["TimeUnit"];
        };
        /**
         * TimedBesideProfile
         * @description The median call of the run itself, which was timed without the profiler.
         */
        TimedBesideProfile: {
            /** @description `totals.kernelMs` over `p50Ms`. Above 1, the timed calls took less than the sum of the rows: launches and kernels overlapped in them, and the rows are mostly launch and wait. Then only compare rows with each other, and take the time of a call from the run. */
            kernelsOverP50: number;
            p50Ms: number;
        };
        /**
         * TimeUnit
         * @description Of every time here.
         * @enum {string}
         */
        TimeUnit: "ms";
        /**
         * TrainingMemory
         * @description To train with Adam at the dtype (float32 where that is `file`), every activation kept.
         */
        TrainingMemory: {
            activationBytes: number;
            gradientBytes: number;
            optimizerBytes: number;
            totalBytes: number;
            weightBytes: number;
        };
        /** Transfer */
        Transfer: {
            /** @description Summed over the devices that receive it. */
            bytes: number;
            /** @description Devices that send. */
            from: number[];
            /** @description The layer before which it goes over. */
            layerId: string;
            /** @description A layer, or an input of the network; a view goes as what it is of. */
            tensor: string;
            /** @description Devices that receive. */
            to: number[];
        };
        /**
         * UnattributedTime
         * @description Kernels that belong to no layer, such as changes of layout.
         */
        UnattributedTime: {
            ms: number;
            /** @description Share of the profiled call. */
            share: number;
        };
        /**
         * UsedInAll
         * @description Since it was made.
         */
        UsedInAll: {
            /** @description For which runs held devices. */
            deviceSeconds: number;
            /** @description Runs queued. */
            runs: number;
        };
        /**
         * UsedInDay
         * @description Since the day began, in UTC.
         */
        UsedInDay: {
            /** @description For which runs held devices. */
            deviceSeconds: number;
            /** @description Expected of its runs that wait or run. */
            expectedDeviceSeconds: number;
            /**
             * Format: date-time
             * @description When it began.
             */
            from: string;
            /** @description Runs queued. */
            runs: number;
            /**
             * Format: date-time
             * @description When it is over, and what was used in it is free again.
             */
            until: string;
        };
        /**
         * UsedInHour
         * @description In this hour of the clock.
         */
        UsedInHour: {
            /**
             * Format: date-time
             * @description When it began.
             */
            from: string;
            /** @description Runs queued. */
            runs: number;
            /**
             * Format: date-time
             * @description When it is over, and what was used in it is free again.
             */
            until: string;
        };
        /**
         * UsedOnDay
         * @description What was used on a day.
         */
        UsedOnDay: {
            /**
             * Format: date
             * @description In UTC.
             */
            day: string;
            /** @description For which runs held devices. */
            deviceSeconds: number;
            /** @description Runs queued. */
            runs: number;
        };
        /**
         * Verdict
         * @enum {string}
         */
        Verdict: "valid" | "suspect" | "invalid";
        /** WaitingEntry */
        WaitingEntry: {
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            architectureId: string;
            /** @description Name of the architecture, which may be deleted since. */
            architectureName: string;
            basis: components["schemas"]["EstimateBasis"] | null;
            batch: number;
            error: number | null;
            etaMs: number | null;
            /** @description Labels of your own for finding runs: at most 32 names of letters, digits, "_", ".", "/" or "-", with texts of at most 256 characters. */
            labels: {
                [key: string]: string;
            };
            position: number;
            priority: number;
            /** Format: date-time */
            queuedAt: string;
            reason: string | null;
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            runId: string;
            runtime: components["schemas"]["RuntimeName"];
        };
        /** Warmup */
        Warmup: {
            agreed: boolean;
            durationMs: number;
            runs: number;
        };
        /**
         * Webhook
         * @description Who is told of which events of runs.
         */
        Webhook: {
            /** Format: date-time */
            createdAt: string;
            createdBy: string | null;
            /**
             * @description What it is for.
             * @example the lab’s chat
             */
            description: string;
            /** @description Only of runs on any of these devices: name, host/name or UUID. Empty: of all. */
            device: string[];
            disabledReason: string | null;
            /** @description False: nothing is delivered. */
            enabled: boolean;
            /** @description Those that it is told of. */
            events: components["schemas"]["WebhookEvent"][];
            failingSince: string | null;
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description Only of runs with every one of these labels: `name` or `name=text`. Empty: of all. */
            label: string[];
            /**
             * @description Where deliveries go: https, and a public address unless WEBHOOK_ALLOW_HOSTS allows others.
             * @example https://hooks.example/archmeter
             */
            url: string;
        };
        /**
         * WebhookChange
         * @description What is to change of a webhook; what is left out stays.
         */
        WebhookChange: {
            /**
             * @description What it is for.
             * @example the lab’s chat
             */
            description?: string;
            /** @description Only of runs on any of these devices: name, host/name or UUID. Empty: of all. */
            device?: string[];
            /** @description False: nothing is delivered, and events from then on are not kept for it. True: also what still waits. */
            enabled?: boolean;
            /** @description Those that it is told of. */
            events?: components["schemas"]["WebhookEvent"][];
            /** @description Only of runs with every one of these labels: `name` or `name=text`. Empty: of all. */
            label?: string[];
            /**
             * @description Where deliveries go: https, and a public address unless WEBHOOK_ALLOW_HOSTS allows others.
             * @example https://hooks.example/archmeter
             */
            url?: string;
        };
        /**
         * WebhookDelivery
         * @description An event told to a webhook, and what became of it.
         */
        WebhookDelivery: {
            /** @description Attempts begun. */
            attempts: number;
            /** Format: date-time */
            createdAt: string;
            durationMs: number | null;
            error: string | null;
            /**
             * @description The event told of, or `test`.
             * @example succeeded
             */
            event: string;
            finishedAt: string | null;
            /**
             * Format: uuid
             * @description Also the header webhook-id, the same in every attempt.
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            lastAttemptAt: string | null;
            nextAttemptAt: string | null;
            responseStatus: number | null;
            runId: string | null;
            seq: number | null;
            status: components["schemas"]["DeliveryStatus"];
            /**
             * Format: uuid
             * @description The webhook that is told.
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            webhookId: string;
        };
        /** WebhookDeliveryPage */
        WebhookDeliveryPage: {
            items: components["schemas"]["WebhookDelivery"][];
            nextCursor: string | null;
            /** @description All that fit, on whatever page; only where `total=true` asks for it. */
            total?: number;
        };
        /**
         * WebhookEvent
         * @description An event of a run that a webhook can be told of: those of its event stream but progress.
         * @enum {string}
         */
        WebhookEvent: "queued" | "started" | "requeued" | "reprioritized" | "succeeded" | "failed" | "cancelled" | "timedOut";
        /** WebhookList */
        WebhookList: {
            items: components["schemas"]["Webhook"][];
        };
        /**
         * WebhookMessage
         * @description The body of a delivery. `run` is null in a test.
         */
        WebhookMessage: {
            data: {
                run: components["schemas"]["WebhookRun"] | null;
                /**
                 * Format: uuid
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                webhookId: string;
            };
            /**
             * Format: date-time
             * @description When it happened.
             */
            timestamp: string;
            /**
             * @description The event.
             * @enum {string}
             */
            type: "queued" | "started" | "requeued" | "reprioritized" | "succeeded" | "failed" | "cancelled" | "timedOut" | "test";
        };
        /**
         * WebhookResult
         * @description What was measured, of a run that succeeded; all of it is in the run.
         */
        WebhookResult: {
            latencyMs: components["schemas"]["Latency"];
            samples: number;
            /** @description Images per second. */
            throughputPerSecond: number;
        };
        /**
         * WebhookRun
         * @description An event of a run, and what the run was with it.
         */
        WebhookRun: {
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            architectureId: string;
            /** @description Name of the architecture, which may be deleted since. */
            architectureName: string;
            /** @description Images per call. */
            batch: number;
            comparison: components["schemas"]["Comparison"] | null;
            /** @description What the event says, as in the events of the run. */
            data: {
                [key: string]: unknown;
            };
            /**
             * @description Name on its host.
             * @example cpu:0
             */
            device: string;
            /** @description By which its queue goes. */
            deviceUuid: string;
            error: components["schemas"]["WebhookRunError"] | null;
            /** @description `queued`, `started`, `phase`, `progress`, `requeued`, `reprioritized`, or the status that ended it. */
            event: string;
            finishedAt: string | null;
            /** @description Of the device. */
            host: string;
            /** @description Labels of your own for finding runs: at most 32 names of letters, digits, "_", ".", "/" or "-", with texts of at most 256 characters. */
            labels: {
                [key: string]: string;
            };
            /** Format: date-time */
            queuedAt: string;
            result: components["schemas"]["WebhookResult"] | null;
            /**
             * Format: uuid
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            runId: string;
            runtime: components["schemas"]["RuntimeName"];
            /** @description Number of the event within the run. */
            seq: number;
            startedAt: string | null;
            status: components["schemas"]["RunStatus"];
            verdict: components["schemas"]["Verdict"] | null;
        };
        /**
         * WebhookRunError
         * @description Why it did not succeed.
         */
        WebhookRunError: {
            code: string;
            message: string;
        };
        /** WeightApproximation */
        WeightApproximation: {
            layerId: string;
            /** @description ‖A − A′‖ / ‖A‖, Frobenius: what of the matrix is lost. */
            relativeError: number;
        };
        /**
         * WeightOrigin
         * @description `kept` as they were, `derived` from others by a formula, `new`: to be learned.
         * @enum {string}
         */
        WeightOrigin: "kept" | "derived" | "new";
        /**
         * WeightsOrigin
         * @enum {string}
         */
        WeightsOrigin: "seeded" | "file";
        /** ZooFamily */
        ZooFamily: {
            links: {
                self: string;
            };
            name: string;
            /** @description JSON Schema (2020-12) of the options, defaults included. */
            options: {
                [key: string]: unknown;
            };
            presets: components["schemas"]["ZooPreset"][];
            /** @description The paper. */
            source: string;
            summary: string;
        };
        /** ZooFamilyList */
        ZooFamilyList: {
            items: {
                links: {
                    self: string;
                };
                name: string;
                /** @description Names of the presets; with `expand=presets` the presets themselves, with their figures. */
                presets: string[] | components["schemas"]["ExpandedZooPreset"][];
                /** @description The paper. */
                source: string;
                summary: string;
            }[];
        };
        /** ZooPreset */
        ZooPreset: {
            name: string;
            /** @description Those that differ from the family’s defaults. */
            options: {
                [key: string]: unknown;
            };
            published: components["schemas"]["PublishedFigure"][];
            summary: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type AboveRoofline = components['schemas']['AboveRoofline'];
export type AbsentDevices = components['schemas']['AbsentDevices'];
export type Advice = components['schemas']['Advice'];
export type AdvicePrediction = components['schemas']['AdvicePrediction'];
export type Agreement = components['schemas']['Agreement'];
export type AppliedRewrite = components['schemas']['AppliedRewrite'];
export type Architecture = components['schemas']['Architecture'];
export type ArchitectureChange = components['schemas']['ArchitectureChange'];
export type ArchitecturePage = components['schemas']['ArchitecturePage'];
export type ArchitecturePreview = components['schemas']['ArchitecturePreview'];
export type ArchitectureSource = components['schemas']['ArchitectureSource'];
export type AuditAction = components['schemas']['AuditAction'];
export type AuditEntry = components['schemas']['AuditEntry'];
export type AuditPage = components['schemas']['AuditPage'];
export type AuditSubject = components['schemas']['AuditSubject'];
export type BackendName = components['schemas']['BackendName'];
export type BestRewrites = components['schemas']['BestRewrites'];
export type BlockFigure = components['schemas']['BlockFigure'];
export type BottleneckPlace = components['schemas']['BottleneckPlace'];
export type Bound = components['schemas']['Bound'];
export type CancelledRuns = components['schemas']['CancelledRuns'];
export type Ceilings = components['schemas']['Ceilings'];
export type Certificate = components['schemas']['Certificate'];
export type CertificateReason = components['schemas']['CertificateReason'];
export type ComparedFigures = components['schemas']['ComparedFigures'];
export type ComparedNetwork = components['schemas']['ComparedNetwork'];
export type Comparison = components['schemas']['Comparison'];
export type ComparisonRound = components['schemas']['ComparisonRound'];
export type ComparisonSide = components['schemas']['ComparisonSide'];
export type ComparisonVerdict = components['schemas']['ComparisonVerdict'];
export type ComputeCeiling = components['schemas']['ComputeCeiling'];
export type ConditionDifference = components['schemas']['ConditionDifference'];
export type Convention = components['schemas']['Convention'];
export type ConventionList = components['schemas']['ConventionList'];
export type CopyTimes = components['schemas']['CopyTimes'];
export type CostComparison = components['schemas']['CostComparison'];
export type CostDifference = components['schemas']['CostDifference'];
export type CostGroup = components['schemas']['CostGroup'];
export type CostRanking = components['schemas']['CostRanking'];
export type CostRest = components['schemas']['CostRest'];
export type Costs = components['schemas']['Costs'];
export type CostsDifference = components['schemas']['CostsDifference'];
export type CostsExplanation = components['schemas']['CostsExplanation'];
export type CostsExplanationItem = components['schemas']['CostsExplanationItem'];
export type CostShares = components['schemas']['CostShares'];
export type CostTotals = components['schemas']['CostTotals'];
export type CpuCache = components['schemas']['CpuCache'];
export type CpuFacts = components['schemas']['CpuFacts'];
export type CpuFrequency = components['schemas']['CpuFrequency'];
export type DeliveryStatus = components['schemas']['DeliveryStatus'];
export type Device = components['schemas']['Device'];
export type DeviceChange = components['schemas']['DeviceChange'];
export type DeviceHold = components['schemas']['DeviceHold'];
export type DeviceList = components['schemas']['DeviceList'];
export type DeviceQueue = components['schemas']['DeviceQueue'];
export type DeviceState = components['schemas']['DeviceState'];
export type DeviceStateChange = components['schemas']['DeviceStateChange'];
export type EstimateBasis = components['schemas']['EstimateBasis'];
export type ExpandedZooPreset = components['schemas']['ExpandedZooPreset'];
export type ExportedGraph = components['schemas']['ExportedGraph'];
export type FigureRatios = components['schemas']['FigureRatios'];
export type Finding = components['schemas']['Finding'];
export type FindingUnit = components['schemas']['FindingUnit'];
export type GpuClockRange = components['schemas']['GpuClockRange'];
export type GpuClocks = components['schemas']['GpuClocks'];
export type GpuFacts = components['schemas']['GpuFacts'];
export type GpuPowerLimit = components['schemas']['GpuPowerLimit'];
export type GpuProcess = components['schemas']['GpuProcess'];
export type Graph = components['schemas']['Graph'];
export type Health = components['schemas']['Health'];
export type Histogram = components['schemas']['Histogram'];
export type HistogramBin = components['schemas']['HistogramBin'];
export type InPlaceMemory = components['schemas']['InPlaceMemory'];
export type KernelOverhead = components['schemas']['KernelOverhead'];
export type Key = components['schemas']['Key'];
export type KeyList = components['schemas']['KeyList'];
export type KeySummary = components['schemas']['KeySummary'];
export type KeyUsage = components['schemas']['KeyUsage'];
export type KeyWeight = components['schemas']['KeyWeight'];
export type Latency = components['schemas']['Latency'];
export type LatencyByKind = components['schemas']['LatencyByKind'];
export type LayerChange = components['schemas']['LayerChange'];
export type LayerChangeKind = components['schemas']['LayerChangeKind'];
export type LayerCost = components['schemas']['LayerCost'];
export type LayerDifference = components['schemas']['LayerDifference'];
export type LayerKind = components['schemas']['LayerKind'];
export type LayerProfile = components['schemas']['LayerProfile'];
export type LayerProfileRow = components['schemas']['LayerProfileRow'];
export type LayerProfileTotals = components['schemas']['LayerProfileTotals'];
export type LayerStatus = components['schemas']['LayerStatus'];
export type LayerTime = components['schemas']['LayerTime'];
export type LearningWay = components['schemas']['LearningWay'];
export type LearntFrom = components['schemas']['LearntFrom'];
export type LeftOut = components['schemas']['LeftOut'];
export type LimitUse = components['schemas']['LimitUse'];
export type LiveArchitecture = components['schemas']['LiveArchitecture'];
export type LiveDevice = components['schemas']['LiveDevice'];
export type LiveEvent = components['schemas']['LiveEvent'];
export type LiveEventMessage = components['schemas']['LiveEventMessage'];
export type LiveEventType = components['schemas']['LiveEventType'];
export type LiveRun = components['schemas']['LiveRun'];
export type LiveTensor = components['schemas']['LiveTensor'];
export type Loosened = components['schemas']['Loosened'];
export type MacsByPrecision = components['schemas']['MacsByPrecision'];
export type MadeKey = components['schemas']['MadeKey'];
export type MadeWebhook = components['schemas']['MadeWebhook'];
export type MeasuredLatency = components['schemas']['MeasuredLatency'];
export type Memory = components['schemas']['Memory'];
export type MemoryArena = components['schemas']['MemoryArena'];
export type MemoryCeiling = components['schemas']['MemoryCeiling'];
export type MemoryFit = components['schemas']['MemoryFit'];
export type MemoryMode = components['schemas']['MemoryMode'];
export type MemoryPass = components['schemas']['MemoryPass'];
export type MemoryPeak = components['schemas']['MemoryPeak'];
export type MemoryStep = components['schemas']['MemoryStep'];
export type NamedNetworkInput = components['schemas']['NamedNetworkInput'];
export type NearestNetwork = components['schemas']['NearestNetwork'];
export type NeededLimit = components['schemas']['NeededLimit'];
export type NetworkInput = components['schemas']['NetworkInput'];
export type NewArchitecture = components['schemas']['NewArchitecture'];
export type NewGraphArchitecture = components['schemas']['NewGraphArchitecture'];
export type NewKerasArchitecture = components['schemas']['NewKerasArchitecture'];
export type NewKey = components['schemas']['NewKey'];
export type NewOnnxArchitecture = components['schemas']['NewOnnxArchitecture'];
export type NewQuotas = components['schemas']['NewQuotas'];
export type NewRewrite = components['schemas']['NewRewrite'];
export type NewRun = components['schemas']['NewRun'];
export type NewRunAgainst = components['schemas']['NewRunAgainst'];
export type NewSession = components['schemas']['NewSession'];
export type NewSweep = components['schemas']['NewSweep'];
export type NewTfjsArchitecture = components['schemas']['NewTfjsArchitecture'];
export type NewWebhook = components['schemas']['NewWebhook'];
export type NewZooArchitecture = components['schemas']['NewZooArchitecture'];
export type Objective = components['schemas']['Objective'];
export type Optimizer = components['schemas']['Optimizer'];
export type OutputField = components['schemas']['OutputField'];
export type PeakTensor = components['schemas']['PeakTensor'];
export type PlacedPart = components['schemas']['PlacedPart'];
export type Placement = components['schemas']['Placement'];
export type PlacementBottleneck = components['schemas']['PlacementBottleneck'];
export type PlacementCost = components['schemas']['PlacementCost'];
export type PlacementUnit = components['schemas']['PlacementUnit'];
export type PlacementWay = components['schemas']['PlacementWay'];
export type Precision = components['schemas']['Precision'];
export type Prediction = components['schemas']['Prediction'];
export type PredictionError = components['schemas']['PredictionError'];
export type PredictionInterval = components['schemas']['PredictionInterval'];
export type Problem = components['schemas']['Problem'];
export type ProfileRefused = components['schemas']['ProfileRefused'];
export type PublishedFigure = components['schemas']['PublishedFigure'];
export type QueueList = components['schemas']['QueueList'];
export type QueuePlace = components['schemas']['QueuePlace'];
export type Quotas = components['schemas']['Quotas'];
export type Readiness = components['schemas']['Readiness'];
export type Recommendation = components['schemas']['Recommendation'];
export type RecommendAxis = components['schemas']['RecommendAxis'];
export type Recommended = components['schemas']['Recommended'];
export type RecommendedArchitecture = components['schemas']['RecommendedArchitecture'];
export type RecommendedLatency = components['schemas']['RecommendedLatency'];
export type RecommendLatencies = components['schemas']['RecommendLatencies'];
export type RecommendRatio = components['schemas']['RecommendRatio'];
export type Repeatability = components['schemas']['Repeatability'];
export type RequestedDeviceState = components['schemas']['RequestedDeviceState'];
export type Rewrite = components['schemas']['Rewrite'];
export type RewriteDifference = components['schemas']['RewriteDifference'];
export type RewriteLayer = components['schemas']['RewriteLayer'];
export type RewriteLayerSide = components['schemas']['RewriteLayerSide'];
export type RewriteList = components['schemas']['RewriteList'];
export type RewriteResult = components['schemas']['RewriteResult'];
export type RewriteStep = components['schemas']['RewriteStep'];
export type RewriteTotals = components['schemas']['RewriteTotals'];
export type RewriteWeights = components['schemas']['RewriteWeights'];
export type Role = components['schemas']['Role'];
export type Run = components['schemas']['Run'];
export type RunAgainst = components['schemas']['RunAgainst'];
export type RunComparison = components['schemas']['RunComparison'];
export type RunCosts = components['schemas']['RunCosts'];
export type RunError = components['schemas']['RunError'];
export type RunEvent = components['schemas']['RunEvent'];
export type RunEventMessage = components['schemas']['RunEventMessage'];
export type RunKey = components['schemas']['RunKey'];
export type RunnerUp = components['schemas']['RunnerUp'];
export type RunningEntry = components['schemas']['RunningEntry'];
export type RunOutput = components['schemas']['RunOutput'];
export type RunPage = components['schemas']['RunPage'];
export type RunPriority = components['schemas']['RunPriority'];
export type RunProfile = components['schemas']['RunProfile'];
export type RunResult = components['schemas']['RunResult'];
export type RunSizes = components['schemas']['RunSizes'];
export type RunStatus = components['schemas']['RunStatus'];
export type RunsToCancel = components['schemas']['RunsToCancel'];
export type RuntimeCapabilities = components['schemas']['RuntimeCapabilities'];
export type RuntimeName = components['schemas']['RuntimeName'];
export type RuntimeOnDevice = components['schemas']['RuntimeOnDevice'];
export type RuntimeSetting = components['schemas']['RuntimeSetting'];
export type SampleQuantile = components['schemas']['SampleQuantile'];
export type Samples = components['schemas']['Samples'];
export type Saved = components['schemas']['Saved'];
export type SavedShare = components['schemas']['SavedShare'];
export type Saving = components['schemas']['Saving'];
export type Session = components['schemas']['Session'];
export type StructuralDiff = components['schemas']['StructuralDiff'];
export type Sweep = components['schemas']['Sweep'];
export type SweepKnee = components['schemas']['SweepKnee'];
export type SweepPage = components['schemas']['SweepPage'];
export type SweepPoint = components['schemas']['SweepPoint'];
export type SweepStatus = components['schemas']['SweepStatus'];
export type TensorKind = components['schemas']['TensorKind'];
export type ThinnedSamples = components['schemas']['ThinnedSamples'];
export type TimedBesideProfile = components['schemas']['TimedBesideProfile'];
export type TimeUnit = components['schemas']['TimeUnit'];
export type TrainingMemory = components['schemas']['TrainingMemory'];
export type Transfer = components['schemas']['Transfer'];
export type UnattributedTime = components['schemas']['UnattributedTime'];
export type UsedInAll = components['schemas']['UsedInAll'];
export type UsedInDay = components['schemas']['UsedInDay'];
export type UsedInHour = components['schemas']['UsedInHour'];
export type UsedOnDay = components['schemas']['UsedOnDay'];
export type Verdict = components['schemas']['Verdict'];
export type WaitingEntry = components['schemas']['WaitingEntry'];
export type Warmup = components['schemas']['Warmup'];
export type Webhook = components['schemas']['Webhook'];
export type WebhookChange = components['schemas']['WebhookChange'];
export type WebhookDelivery = components['schemas']['WebhookDelivery'];
export type WebhookDeliveryPage = components['schemas']['WebhookDeliveryPage'];
export type WebhookEvent = components['schemas']['WebhookEvent'];
export type WebhookList = components['schemas']['WebhookList'];
export type WebhookMessage = components['schemas']['WebhookMessage'];
export type WebhookResult = components['schemas']['WebhookResult'];
export type WebhookRun = components['schemas']['WebhookRun'];
export type WebhookRunError = components['schemas']['WebhookRunError'];
export type WeightApproximation = components['schemas']['WeightApproximation'];
export type WeightOrigin = components['schemas']['WeightOrigin'];
export type WeightsOrigin = components['schemas']['WeightsOrigin'];
export type ZooFamily = components['schemas']['ZooFamily'];
export type ZooFamilyList = components['schemas']['ZooFamilyList'];
export type ZooPreset = components['schemas']['ZooPreset'];
export type $defs = Record<string, never>;
export interface operations {
    receiveRunEvent: {
        parameters: {
            query?: never;
            header: {
                /** @description Of the delivery, the same in every attempt. */
                "webhook-id": string;
                /** @description `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`; several with spaces between. */
                "webhook-signature": string;
                /** @description Of the attempt, seconds since 1970. */
                "webhook-timestamp": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookMessage"];
            };
        };
        responses: {
            /** @description It arrived. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No more of them: the webhook is disabled. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It is sent again. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
}
