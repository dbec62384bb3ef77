"""Writes boundary.csv and distributions.csv: values that the crate must come to, found another way.

    pip install mpmath==1.4.1 && python boundary.py

boundary.csv: for each number of users and level, the number of standard errors at which the mixed likelihood ratio is
1/alpha. The ratio is integrated over the drift numerically (30 digits), and the root is searched for: the closed form
that the crate uses is nowhere in this file. rho_squared is what the crate's documentation says; `least` is the boundary
at the tuned size with the best rho of all, searched for as well, so that one sees what the approximation of rho costs.

distributions.csv: quantiles of the normal distribution and tails of the chi-square distribution.
"""

import mpmath as mp

mp.mp.dps = 30


def log_ratio(z, users, rho_squared):
    """Log of the likelihood ratio at a sum of z*sqrt(users), mixed over normal drifts with variance rho_squared."""
    total, deviation = z * mp.sqrt(users), mp.sqrt(rho_squared)
    # The integrand is a bell around `peak`; it is divided by its height, so that nothing is too large.
    peak = total / (users + 1 / rho_squared)
    width = 1 / mp.sqrt(users + 1 / rho_squared)
    exponent = lambda drift: drift * total - drift**2 * users / 2 - drift**2 / (2 * rho_squared)
    height = exponent(peak)
    bell = lambda drift: mp.exp(exponent(drift) - height)
    # For a bell the trapezoidal rule is right to all digits once its steps are a fraction of the width.
    step = width / 4
    area = step * mp.fsum(bell(peak + step * at) for at in range(-56, 57))
    return height + mp.log(area / (deviation * mp.sqrt(2 * mp.pi)))


def reach(users, rho_squared, alpha):
    wanted = -mp.log(alpha)
    return mp.findroot(lambda z: log_ratio(z, users, rho_squared) - wanted, (mp.mpf(3), mp.mpf(5)), tol=1e-40)


def least_reach(users, alpha, rho_squared):
    """The lowest boundary over rho, by ternary search around the approximation."""
    low, high = mp.log(rho_squared / 4), mp.log(rho_squared * 4)
    for _ in range(16):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        if reach(users, mp.exp(a), alpha) < reach(users, mp.exp(b), alpha):
            high = b
        else:
            low = a
    return reach(users, mp.exp((low + high) / 2), alpha)


def main():
    with open("boundary.csv", "w") as file:
        print("alpha,tuned_at,users,rho_squared,reach,least", file=file)
        for alpha in ("0.05", "0.01", "0.001"):
            for tuned_at in (500, 5000, 50000):
                log = -2 * mp.log(mp.mpf(alpha))
                rho_squared = (log + mp.log(1 + log)) / tuned_at
                for users in (1, 10, 100, 1000, 5000, 20000, 100000, 10000000, tuned_at):
                    value = reach(users, rho_squared, mp.mpf(alpha))
                    least = least_reach(users, mp.mpf(alpha), rho_squared) if users == tuned_at else None
                    row = [alpha, tuned_at, users, mp.nstr(rho_squared, 17), mp.nstr(value, 17)]
                    print(*row, "" if least is None else mp.nstr(least, 17), sep=",", file=file)
    with open("distributions.csv", "w") as file:
        print("what,argument,freedom,value", file=file)
        for p in ("0.000001", "0.001", "0.025", "0.2", "0.5", "0.8", "0.9", "0.975", "0.995", "0.9999"):
            print("normal_quantile", p, "", mp.nstr(mp.sqrt(2) * mp.erfinv(2 * mp.mpf(p) - 1), 17), sep=",", file=file)
        for freedom in (1, 2, 3, 9):
            for value in ("0.1", "1", "3.8414588", "10.827566", "25", "60", "200"):
                tail = mp.gammainc(mp.mpf(freedom) / 2, mp.mpf(value) / 2, mp.inf, regularized=True)
                print("chi_square_tail", value, freedom, mp.nstr(tail, 17), sep=",", file=file)


main()
