import {
  floatsIn,
  GraphBuilder,
  type Value,
  type WeightGroup,
  type WeightSpec,
} from '../../src/engine/graph/graph-builder.ts'
import { type Dim, type ElementType, elementTypes } from '../../src/engine/graph/onnx-encoding.ts'
import { writeHalves } from './half-floats.ts'

/** A graph all of whose floats have half the precision: what is declared as single is written down as half. */
export class HalfGraph extends GraphBuilder {
  override input(name: string, type: ElementType, dims: Dim[]): Value {
    return super.input(name, halved(type), dims)
  }

  override output(name: string, type: ElementType, dims: Dim[]): void {
    super.output(name, halved(type), dims)
  }

  override float(value: number): Value {
    return this.apply('Cast', [super.float(value)], { to: { int: elementTypes.float16.number } })
  }

  override weights(specs: WeightSpec[], read: WeightGroup['read']): Value[] {
    return super.weights(
      specs.map((spec) => ({ ...spec, type: halved(spec.type) })),
      async (tensors) => {
        const compute = await read(tensors)
        return (...places) => {
          const singles = places.map((place, index) =>
            specs[index]!.type === 'float' ? new Uint8Array(place.length * 2) : place,
          )
          compute(...singles)
          for (const [index, single] of singles.entries()) {
            const place = places[index]!
            if (single !== place) writeHalves(floatsIn(single), place)
          }
        }
      },
    )
  }
}

function halved(type: ElementType): ElementType {
  return type === 'float' ? 'float16' : type
}
