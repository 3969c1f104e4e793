using System.Globalization;
using CsCheck;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Tests.Talos;

/// <summary>The YAML in which resources come, as values with the types that Go's encoder meant.</summary>
public class TalosYamlTests
{
    [Theory]
    [InlineData("a: text", "text")]
    [InlineData("a: \"1\"", "1")]
    [InlineData("a: '0x10'", "0x10")]
    [InlineData("a: |-\n  one\n  two", "one\ntwo")]
    [InlineData("a: 1.2.3", "1.2.3")]
    [InlineData("a: 010", "010")]
    [InlineData("a: 1e", "1e")]
    [InlineData("a: yes", "yes")]
    [InlineData("a: True", "True")]
    [InlineData("a: 2026-11-22T19:53:27Z", "2026-11-22T19:53:27Z")]
    [InlineData("a: fe80::1/64", "fe80::1/64")]
    [InlineData("a: 10.0.0.1/24", "10.0.0.1/24")]
    public void Text_stays_text(string yaml, string expected) => Assert.Equal(expected, Field(yaml));

    [Theory]
    [InlineData("a: 0", 0L)]
    [InlineData("a: -1", -1L)]
    [InlineData("a: 9223372036854775807", long.MaxValue)]
    [InlineData("a: 18446744073709551615", ulong.MaxValue)]
    [InlineData("a: true", true)]
    [InlineData("a: false", false)]
    [InlineData("a: 1.5", 1.5)]
    [InlineData("a: 1e3", 1000.0)]
    [InlineData("a: -2.5e-3", -0.0025)]
    [InlineData("a: null", null)]
    [InlineData("a: ~", null)]
    [InlineData("a:", null)]
    public void Plain_scalars_have_types(string yaml, object? expected) => Assert.Equal(expected, Field(yaml));

    [Fact]
    public void A_number_too_large_for_any_integer_stays_text() =>
        Assert.Equal("18446744073709551616", Field("a: 18446744073709551616"));

    [Fact]
    public void Maps_keep_their_order_and_lists_their_length()
    {
        var map = Assert.IsType<Dictionary<string, object?>>(Parse("z: 1\na: [1, two, {b: c}, []]\nm: {}\n"));
        Assert.Equal(["z", "a", "m"], map.Keys);
        var list = Assert.IsType<List<object?>>(map["a"]);
        Assert.Equal([1L, "two"], list.Take(2));
        Assert.Equal("c", Assert.IsType<Dictionary<string, object?>>(list[2])["b"]);
        Assert.Empty(Assert.IsType<List<object?>>(list[3]));
    }

    [Fact]
    public void A_machine_config_is_a_scalar_that_holds_documents()
    {
        // The form that Talos has used since its specs are written with the annotation talos.dev/yaml-spec.
        Assert.Equal(
            "version: v1alpha1\n---\nkind: HostnameConfig\n",
            Parse("|\n    version: v1alpha1\n    ---\n    kind: HostnameConfig\n")
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("---\n")]
    public void Nothing_is_null(string yaml) => Assert.Null(Parse(yaml));

    [Theory]
    [InlineData("a: [1,")]
    [InlineData("a: 'b")]
    [InlineData("a: b: c")]
    [InlineData("a: *nowhere")]
    [InlineData("a: !!int x: y")]
    [InlineData("%YAML 9.9\n---\na")]
    [InlineData("a: 1\na: 2")]
    public void What_is_no_YAML_is_an_error_that_names_node_and_resource_and_quotes_nothing(string yaml)
    {
        TsException error = Assert.Throws<TsException>(() => Parse(yaml));
        Assert.Same(TalosErrors.TalosProtocolViolation, error.Error);
        Assert.Contains("'Members.cluster.talos.dev/x' from 'ampone'", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("nowhere", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("- ")]
    [InlineData("{a: ")]
    [InlineData("? ")]
    public void Depth_without_end_is_refused_before_it_costs_the_stack(string step)
    {
        string yaml = string.Concat(Enumerable.Repeat(step, 100_000));
        Assert.Same(TalosErrors.TalosProtocolViolation, Assert.Throws<TsException>(() => Parse(yaml)).Error);
    }

    [Fact]
    public void Aliases_cannot_multiply_a_small_text_into_a_large_value()
    {
        string yaml =
            "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
            + string.Concat(
                Enumerable
                    .Range(1, 9)
                    .Select(i => $"a{i}: &a{i} [{string.Join(',', Enumerable.Repeat($"*a{i - 1}", 10))}]\n")
            );
        Assert.Same(TalosErrors.TalosProtocolViolation, Assert.Throws<TsException>(() => Parse(yaml)).Error);
    }

    [Fact]
    public void An_alias_is_what_it_names() =>
        Assert.Equal(7L, Assert.IsType<Dictionary<string, object?>>(Parse("a: &x 7\nb: *x"))["b"]);

    [Fact]
    public void Any_text_is_a_value_or_that_error()
    {
        Gen.String[Gen.Char["ab:-[]{}&*!|>'\"%@`#?, \n\t0123.~"], 0, 40]
            .Sample(
                text =>
                {
                    try
                    {
                        Parse(text);
                    }
                    catch (TsException e)
                    {
                        Assert.Same(TalosErrors.TalosProtocolViolation, e.Error);
                    }
                },
                iter: 5000
            );
    }

    [Fact]
    public void Numbers_mean_the_same_in_every_culture()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
            Assert.Equal(1.5, Field("a: 1.5"));
            Assert.Equal("1,5", Field("a: 1,5"));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static object? Parse(string yaml) => TalosYaml.Parse(yaml, "ampone", "Members.cluster.talos.dev/x");

    private static object? Field(string yaml) => Assert.IsType<Dictionary<string, object?>>(Parse(yaml))["a"];
}
