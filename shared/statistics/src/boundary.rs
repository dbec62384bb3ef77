//! The boundary of the two-sided normal mixture: how many standard errors an interval reaches to each side, so that
//! it may be looked at after every user.
//!
//! If the estimate's drift were λ, drawn from a normal distribution with variance ρ², the likelihood ratio against no
//! drift after N users whose sum (in units of one user's standard deviation) is S would be
//! `exp(S²ρ² / (2(Nρ² + 1))) / √(Nρ² + 1)`. Without drift it is a martingale that begins at 1, so it ever exceeds 1/α
//! with the probability α at most (Ville). [`reach`] is where it does, with S = z√N; [`p_value`] is its inverse.
//! `testdata/boundary.csv` has the same found by integrating over λ numerically.

/// ρ² for which the boundary is lowest at `tuned_at` users: the paper's approximation of the best one, which has a
/// Lambert W in it.
#[must_use]
pub fn rho_squared(alpha: f64, tuned_at: u64) -> f64 {
    let log = -2.0 * libm::log(alpha);
    (log + libm::log(1.0 + log)) / tuned_at.max(1) as f64
}

/// Standard errors to each side of the estimate, after `users`; infinite before the first.
#[must_use]
pub fn reach(users: u64, rho_squared: f64, alpha: f64) -> f64 {
    let mixed = users as f64 * rho_squared;
    if mixed <= 0.0 {
        return f64::INFINITY;
    }
    (2.0 * (mixed + 1.0) / mixed * libm::log((mixed + 1.0).sqrt() / alpha)).sqrt()
}

/// The smallest α at which the interval would leave 0 out, for an estimate so many standard errors from it; at most 1.
///
/// Looked at again and again, the smallest of these p-values is one too.
#[must_use]
pub fn p_value(standard_errors: f64, users: u64, rho_squared: f64) -> f64 {
    let mixed = users as f64 * rho_squared;
    if mixed <= 0.0 || standard_errors.is_nan() {
        return 1.0;
    }
    let log = standard_errors * standard_errors * mixed / (2.0 * (mixed + 1.0));
    ((mixed + 1.0).sqrt() * libm::exp(-log)).min(1.0)
}
