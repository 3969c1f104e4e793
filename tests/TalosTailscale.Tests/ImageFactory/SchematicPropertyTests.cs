using CsCheck;
using TalosTailscale.Core.ImageFactory;
using TalosTailscale.Lab.Factory;
using YamlDotNet.RepresentationModel;

namespace TalosTailscale.Tests.ImageFactory;

public sealed class SchematicPropertyTests
{
    // Characters that YAML cares about, far more often than in prose.
    private static readonly Gen<string> s_text = Gen.OneOf(
        Gen.Char["ab1 :#-,[]{}&*!|>'\"%@`?~=<.\\\t\n\u00e9\u2028\u0001"].Array[0, 12].Select(c => new string(c)),
        Gen.OneOf(
            "yes",
            "null",
            "0x1f",
            "1e3",
            "2026-01-01",
            "-",
            "?",
            ":",
            "---",
            "...",
            "=",
            "<<",
            "12:30:45",
            "0o17",
            "+.inf"
        ),
        Gen.String[0, 12]
            .Where(s => s.EnumerateRunes().All(r => r.Value != 0xFFFD) && !s.Contains('\r', StringComparison.Ordinal))
    );

    [Fact]
    public void Any_text_reads_back_as_itself_and_as_a_string() =>
        s_text
            .Array[1, 4]
            .Sample(
                arguments =>
                {
                    var yaml = Schematic.FromExtensions([], arguments).Yaml;
                    var stream = new YamlStream();
                    stream.Load(new StringReader(yaml));
                    var list = (YamlSequenceNode)stream.Documents[0].RootNode["customization"]["extraKernelArgs"];
                    Assert.Equal(arguments, list.Select(n => ((YamlScalarNode)n).Value));
                    foreach (var (node, text) in list.Zip(arguments))
                    {
                        var plain = ((YamlScalarNode)node).Style == YamlDotNet.Core.ScalarStyle.Plain;
                        Assert.False(plain && GoYaml.IsOtherType(text), $"'{text}' would be read as another type.");
                    }
                },
                iter: 2_000
            );

    [Fact]
    public void Canonical_text_is_a_fixed_point_here_and_in_the_lab() =>
        Gen.Select(
                Gen.Char["abc-"].Array[1, 8].Select(c => "siderolabs/a" + new string(c)).Array[0, 5],
                Gen.Char["ab=,.-_/"].Array[1, 10].Select(c => "a" + new string(c)).Array[0, 5]
            )
            .Sample(
                (extensions, arguments) =>
                {
                    var schematic = Schematic.FromExtensions(extensions, arguments);
                    Assert.Equal(schematic.Id, Schematic.Parse(schematic.Yaml, "x").Id);
                    Assert.Equal(schematic.Id, LabSchematic.Parse(schematic.Yaml).Id);
                },
                iter: 1_000
            );

    [Fact]
    public void No_input_does_anything_but_parse_or_be_refused() =>
        Gen.OneOf(
                Gen.String[0, 200],
                Gen.OneOf(
                        "customization",
                        "overlay",
                        "systemExtensions",
                        "officialExtensions",
                        ":",
                        " ",
                        "\n",
                        "  ",
                        "- ",
                        "{",
                        "}",
                        "[",
                        "]",
                        "&a",
                        "*a",
                        "!!int",
                        "|",
                        ">",
                        "\"",
                        "'",
                        "---",
                        "#"
                    )
                    .Array[0, 60]
                    .Select(string.Concat)
            )
            .Sample(
                text =>
                {
                    try
                    {
                        Assert.Equal(64, Schematic.Parse(text, "x").Id.Length);
                    }
                    catch (TsException e)
                    {
                        Assert.Contains(e.ErrorId, (string[])["SchematicInvalid", "YamlMalformed"]);
                    }
                },
                iter: 2_000
            );
}
