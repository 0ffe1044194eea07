//! Checks whether a point is on a NIST curve: y² = x³ − 3x + b over the integers modulo a prime.
//!
//! Public keys are not secret, so this need not run in constant time. It takes about 0.1 ms.

use super::Result;
use super::der::Oid;

/// A curve that Go supports.
pub(super) struct Curve {
    name: &'static str,
    /// Go's error text for a coordinate that is not below the prime.
    bad_coordinate: &'static str,
    /// The prime, as hexadecimal digits.
    prime: &'static str,
    /// The coefficient b, as hexadecimal digits.
    b: &'static str,
}

const P224: Curve = Curve {
    name: "P224",
    bad_coordinate: "invalid P224Element encoding",
    prime: "ffffffffffffffffffffffffffffffff000000000000000000000001",
    b: "b4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4",
};

const P256: Curve = Curve {
    name: "P256",
    bad_coordinate: "invalid P256 element encoding",
    prime: "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
    b: "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
};

const P384: Curve = Curve {
    name: "P384",
    bad_coordinate: "invalid P384Element encoding",
    prime: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
    b: "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
};

const P521: Curve = Curve {
    name: "P521",
    bad_coordinate: "invalid P521Element encoding",
    prime: "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
            ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    b: "0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109\
        e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
};

impl Curve {
    pub(super) fn of(id: Oid<'_>) -> Option<&'static Self> {
        match id.0 {
            [0x2B, 0x81, 0x04, 0x00, 0x21] => Some(&P224),
            [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07] => Some(&P256),
            [0x2B, 0x81, 0x04, 0x00, 0x22] => Some(&P384),
            [0x2B, 0x81, 0x04, 0x00, 0x23] => Some(&P521),
            _ => None,
        }
    }

    /// Checks both coordinates of an uncompressed point.
    pub(super) fn check(&self, point: &[u8]) -> Result<()> {
        let length = self.prime.len() / 2;
        if point.len() != 2 * length {
            return Err(format!("invalid {} point encoding", self.name).into());
        }
        let prime = Number::from_hex(self.prime);
        let (x, y) = point.split_at(length);
        let (x, y) = (Number::from_bytes(x), Number::from_bytes(y));
        if x >= prime || y >= prime {
            return Err(self.bad_coordinate.into());
        }
        let times = |a: Number, b: Number| a.times(b, prime);
        let plus = |a: Number, b: Number| a.plus(b, prime);
        let three_x = plus(plus(x, x), x);
        let left = plus(times(y, y), three_x);
        let right = plus(times(times(x, x), x), Number::from_hex(self.b));
        if left == right { Ok(()) } else { Err(format!("{} point not on curve", self.name).into()) }
    }
}

const LIMBS: usize = 9;

/// A number of up to 576 bits. The least significant limb is last, so that the derived order is the numeric order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Number([u64; LIMBS]);

impl Number {
    fn from_bytes(bytes: &[u8]) -> Self {
        let mut number = [0; LIMBS];
        for (limb, bytes) in number.iter_mut().rev().zip(bytes.rchunks(8)) {
            *limb = bytes.iter().fold(0, |limb, &byte| limb << 8 | u64::from(byte));
        }
        Self(number)
    }

    fn from_hex(digits: &str) -> Self {
        let mut number = [0; LIMBS];
        for (limb, digits) in number.iter_mut().rev().zip(digits.as_bytes().rchunks(16)) {
            *limb = digits.iter().fold(0, |limb, &digit| {
                limb << 4 | u64::from(char::from(digit).to_digit(16).unwrap_or_default())
            });
        }
        Self(number)
    }

    /// Returns the sum modulo a prime. Both numbers must be below it.
    fn plus(self, other: Self, prime: Self) -> Self {
        let mut carry = false;
        let mut sum = [0; LIMBS];
        for (at, limb) in sum.iter_mut().enumerate().rev() {
            (*limb, carry) = self.0[at].carrying_add(other.0[at], carry);
        }
        Self(sum).reduced(prime)
    }

    /// Returns the product modulo a prime, by doubling and adding. Both numbers must be below it.
    fn times(self, other: Self, prime: Self) -> Self {
        let mut product = Self([0; LIMBS]);
        for limb in other.0.into_iter().skip_while(|&limb| limb == 0) {
            for bit in (0..64).rev() {
                product = product.plus(product, prime);
                if limb >> bit & 1 == 1 {
                    product = product.plus(self, prime);
                }
            }
        }
        product
    }

    /// Returns the number modulo a prime. It must be below twice the prime.
    fn reduced(self, prime: Self) -> Self {
        if self < prime {
            return self;
        }
        let mut borrow = false;
        let mut difference = [0; LIMBS];
        for (at, limb) in difference.iter_mut().enumerate().rev() {
            (*limb, borrow) = self.0[at].borrowing_sub(prime.0[at], borrow);
        }
        Self(difference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The base points of the curves, x then y.
    const BASE_POINTS: [(&Curve, &str); 3] = [
        (
            &P224,
            "b70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21\
             bd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34",
        ),
        (
            &P256,
            "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296\
             4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
        ),
        (
            &P384,
            "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7\
             3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
        ),
    ];

    fn bytes(digits: &str) -> Vec<u8> {
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn base_points_are_on_their_curves_and_changed_ones_are_not() {
        for (curve, point) in BASE_POINTS {
            let mut point = bytes(point);
            assert_eq!(curve.check(&point), Ok(()));
            *point.last_mut().unwrap() ^= 1;
            assert_eq!(
                curve.check(&point).unwrap_err().to_string(),
                format!("{} point not on curve", curve.name)
            );
        }
    }

    #[test]
    fn coordinates_above_the_prime_are_rejected() {
        for curve in [&P224, &P256, &P384, &P521] {
            let point = bytes(&(curve.prime.to_owned() + curve.prime));
            assert_eq!(curve.check(&point).unwrap_err().to_string(), curve.bad_coordinate);
            assert!(curve.check(&point[1..]).unwrap_err().to_string().ends_with("point encoding"));
        }
    }
}
