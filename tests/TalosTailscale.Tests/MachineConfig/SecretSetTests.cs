using CsCheck;
using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>Many secrets in one pass.</summary>
public sealed class SecretSetTests
{
    [Theory]
    [InlineData("a secret-1 and secret-12.", "a *** and ***.")]
    [InlineData("secret-1secret-12", "******")]
    [InlineData("xsecret-1overlapping", "x***")]
    [InlineData("secret", "secret")]
    [InlineData("secret-3", "secret-3")]
    [InlineData("", "")]
    public void Masks_the_longest_and_joins_what_overlaps(string text, string expected)
    {
        var secrets = new SecretSet();
        foreach (string secret in new[] { "secret-1", "secret-12", "-1overlapping", "short" })
            secrets.Add(secret);

        Assert.Equal(expected, secrets.Mask(text, "***"));
    }

    [Fact]
    public void No_character_of_any_secret_stays() =>
        Gen.Select(Gen.Char['a', 'c'].Array[0, 60], Gen.Char['a', 'c'].Array[6, 9].Array[1, 20])
            .Sample(
                (letters, values) =>
                {
                    string text = new(letters);
                    var secrets = new SecretSet();
                    foreach (char[] value in values)
                        secrets.Add(new string(value));
                    var covered = new bool[text.Length];
                    foreach (string value in values.Select(value => new string(value)))
                    {
                        for (
                            int at = text.IndexOf(value, StringComparison.Ordinal);
                            at >= 0;
                            at = text.IndexOf(value, at + 1, StringComparison.Ordinal)
                        )
                            covered.AsSpan(at, value.Length).Fill(true);
                    }

                    string masked = secrets.Mask(text, "*");

                    Assert.Equal(
                        new string([.. text.Where((_, i) => !covered[i])]),
                        masked.Replace("*", string.Empty, StringComparison.Ordinal)
                    );
                },
                iter: PropertyRuns.Of(3_000)
            );

    [Fact]
    public void The_oldest_go_first()
    {
        var secrets = new SecretSet(capacity: 2);
        foreach (string secret in new[] { "first-value", "second-value", "first-value", "third-value" })
            secrets.Add(secret);

        Assert.Equal("first-value * *", secrets.Mask("first-value second-value third-value", "*"));
    }
}
