/**
 * The handle behind {@link Element} in the reference kernel. Not exported from the package: only the parser and the group
 * operations make elements.
 *
 * @module
 */

import type { ClassGroup, Element } from '../types.ts';
import { KernelArgumentError } from '../types.ts';
import type { Form } from './form.ts';

/** A reduced primitive form and the group that it belongs to. */
export class ReferenceElement {
  readonly form: Form;
  readonly group: ClassGroup;
  constructor(form: Form, group: ClassGroup) {
    this.form = form;
    this.group = group;
  }
}

/** The opaque handle of a form. */
export function wrapForm(form: Form, group: ClassGroup): Element {
  return new ReferenceElement(form, group) as unknown as Element;
}

/**
 * The form of a handle.
 *
 * @throws {@link KernelArgumentError} If the handle is not this group's (another group, another kernel, not a handle).
 */
export function unwrapForm(element: Element, group: ClassGroup): Form {
  const candidate: unknown = element;
  if (!(candidate instanceof ReferenceElement) || candidate.group !== group) {
    throw new KernelArgumentError('element of another group or another kernel');
  }
  return candidate.form;
}
