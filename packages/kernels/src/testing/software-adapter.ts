import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GpuEngineOptions } from '../gpu/gpu-engine.js';

/** Debian's Chromium brings SwiftShader, a Vulkan driver that computes on the processor, and a Vulkan loader. */
const FOLDER = '/usr/lib/chromium';
const DRIVER = join(FOLDER, 'vk_swiftshader_icd.json');

/**
 * Options that open a software adapter in place of a GPU; undefined where Chromium is not installed. In continuous
 * integration its absence is an error, elsewhere it is told.
 */
export const SOFTWARE_ADAPTER: Pick<GpuEngineOptions, 'adapter' | 'env'> | undefined = softwareAdapter();

function softwareAdapter(): Pick<GpuEngineOptions, 'adapter' | 'env'> | undefined {
  if (!existsSync(DRIVER)) {
    const told = `${DRIVER} is missing: install Debian's chromium to test kernels on a software adapter`;
    if (process.env['CI'] !== undefined) throw new Error(told);
    process.stderr.write(`skipped: the gpu engine on WebGPU. ${told}\n`);
    return undefined;
  }
  return {
    adapter: 'SwiftShader',
    env: {
      VK_DRIVER_FILES: DRIVER,
      VK_ICD_FILENAMES: DRIVER,
      LD_LIBRARY_PATH: FOLDER,
      XDG_RUNTIME_DIR: mkdtempSync(join(tmpdir(), 'levy-software-adapter-')),
    },
  };
}
