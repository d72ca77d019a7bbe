/** A file of a data set as its authors publish it. */
export interface OriginalFile {
  readonly name: string;
  /** As published. Told apart from a damaged download by it, not from a forger's file. */
  readonly md5: string;
  /** About how large it is, for the progress. */
  readonly bytes: number;
}

/** A well-known data set: where its original files are, and how to know that one is whole. */
export interface Original {
  readonly name: string;
  readonly source: string;
  /** Folders to try in this order. */
  readonly baseUrls: readonly string[];
  readonly files: readonly OriginalFile[];
  /** For a single gzipped tar archive: the files to take out of it. */
  readonly members?: readonly string[];
  /** Digest of the whole data set in the store, where it is known. */
  readonly digest?: string;
}

const CIFAR_FOLDER = 'cifar-10-batches-bin';

export const ORIGINALS: readonly Original[] = [
  {
    name: 'mnist',
    source: 'MNIST, Y. LeCun, C. Cortes and C. Burges, CC BY-SA 3.0',
    baseUrls: [
      'https://ossci-datasets.s3.amazonaws.com/mnist/',
      'https://storage.googleapis.com/cvdf-datasets/mnist/',
    ],
    files: [
      { name: 'train-images-idx3-ubyte.gz', md5: 'f68b3c2dcbeaaa9fbdd348bbdeb94873', bytes: 9_912_422 },
      { name: 'train-labels-idx1-ubyte.gz', md5: 'd53e105ee54ea40749a09fcbcd1e9432', bytes: 28_881 },
      { name: 't10k-images-idx3-ubyte.gz', md5: '9fb629c4189551a2d022fa330f9573f3', bytes: 1_648_877 },
      { name: 't10k-labels-idx1-ubyte.gz', md5: 'ec29112dd5afa0611ce80d1b7f02629c', bytes: 4_542 },
    ],
    digest: '8a0bd2bf3b03e0d30edcf5ff6d5f66dd0692c578187e0eddce6f75e773a464bb',
  },
  {
    name: 'fashion-mnist',
    source: 'Fashion-MNIST, H. Xiao, K. Rasul and R. Vollgraf, Zalando SE, MIT licence',
    baseUrls: ['https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/'],
    files: [
      { name: 'train-images-idx3-ubyte.gz', md5: '8d4fb7e6c68d591d4c3dfef9ec88bf0d', bytes: 26_421_880 },
      { name: 'train-labels-idx1-ubyte.gz', md5: '25c81989df183df01b3e8a0aad5dffbe', bytes: 29_515 },
      { name: 't10k-images-idx3-ubyte.gz', md5: 'bef4ecab320f06d8554ea6380940ec79', bytes: 4_422_102 },
      { name: 't10k-labels-idx1-ubyte.gz', md5: 'bb300cfdad3c16e7a12a480ee83cd310', bytes: 5_148 },
    ],
  },
  {
    name: 'cifar-10',
    source: 'CIFAR-10, A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009',
    baseUrls: ['https://www.cs.toronto.edu/~kriz/'],
    files: [{ name: 'cifar-10-binary.tar.gz', md5: 'c32a1d4ab5d03f1284b67883e8d87530', bytes: 170_052_171 }],
    members: [1, 2, 3, 4, 5]
      .map((n) => `${CIFAR_FOLDER}/data_batch_${n}.bin`)
      .concat(`${CIFAR_FOLDER}/test_batch.bin`),
    digest: 'd5d321acb1fe4759dc979607229390b42af84037c263098aef9103b6d1be24ac',
  },
];

/** What a data set with this digest is, if it is one of the originals. */
export function sourceOfKnown(digest: string): string | undefined {
  return ORIGINALS.find((original) => original.digest === digest)?.source;
}
