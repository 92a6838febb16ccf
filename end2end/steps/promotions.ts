import type { Product } from '../product.ts';

/** Makes a promotion code at Stripe, as the vendor does in its dashboard; answers it. */
export async function promotionCode(product: Product, coupon: Record<string, string>, restrictions: Record<string, string> = {}): Promise<string> {
  const code = `SPRING-${crypto.randomUUID().slice(0, 8).toUpperCase()}`;
  const { id } = await product.sandbox.api('coupons', coupon);
  await product.sandbox.api('promotion_codes', { 'promotion[type]': 'coupon', 'promotion[coupon]': id, code, ...restrictions });
  return code;
}
