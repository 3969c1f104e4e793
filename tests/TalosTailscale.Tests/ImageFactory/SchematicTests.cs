using TalosTailscale.Core.ImageFactory;
using TalosTailscale.Lab.Factory;

namespace TalosTailscale.Tests.ImageFactory;

public sealed class SchematicTests
{
    private const string Empty = "376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba";
    private const string Tailscale = "4a0d65c669d46663f377e7161e50cfd570c401f26fd9e7bda34a0216b6f1922b";

    /// <summary>Texts with the ids that the public factory gives them (siderolabs/image-factory, pkg/schematic).</summary>
    public static TheoryData<string, string> Published() =>
        new()
        {
            { "{}", Empty },
            { "customization: {}", Empty },
            { "customization:", Empty },
            { """customization: {"extraKernelArgs": []}""", Empty },
            { "customization:\n  systemExtensions:\n    officialExtensions: [siderolabs/tailscale]\n", Tailscale },
            {
                """{"customization": {"systemExtensions": {"officialExtensions": ["siderolabs/tailscale"]}}}""",
                Tailscale
            },
            {
                """{"customization": {"extraKernelArgs": ["noapic", "nolapic"], "systemExtensions": {}}}""",
                "9cba8e32753f91a16c1837ab8abf356af021706ef284aef07380780177d9a06c"
            },
            {
                """{"customization": {"meta": [{"key": 10, "value": "foo"}], "extraKernelArgs": [], "systemExtensions": {}}}""",
                "d308a2a5ee2277bed5fbaa104fcbc8d59122abfa737df987a95b4ca763459a7f"
            },
            {
                """customization: {meta: [{key: 0x0a, value: foo}]}""",
                "d308a2a5ee2277bed5fbaa104fcbc8d59122abfa737df987a95b4ca763459a7f"
            },
            {
                """{"customization":{"secureboot": {"includeWellKnownCertificates": true}}}""",
                "fa8e05f142a851d3ee568eb0a8e5841eaf6b0ebc8df9a63df16ac5ed2c04f3e6"
            },
            {
                """{"overlay": {"name": "rpi_generic", "image": "siderolabs/sbc-raspberrypi"}}""",
                "ee21ef4a5ef808a9b7484cc0dda0f25075021691c8c09a276591eedb638ea1f9"
            },
            {
                "customization: {diskImage: {sectorSize: 4096}}",
                "92833e9ddd9bb9e11b2464fa5525429f01866306d52ebd882ee08d7918f6d1ea"
            },
        };

    [Theory]
    [MemberData(nameof(Published))]
    public void The_id_is_the_one_that_the_public_factory_gives(string text, string id)
    {
        Assert.Equal(id, Schematic.Parse(text, "test").Id);
        Assert.Equal(id, LabSchematic.Parse(text).Id);
    }

    [Fact]
    public void Extensions_keep_their_order_which_is_part_of_the_id()
    {
        var one = Schematic.FromExtensions(["siderolabs/tailscale", "siderolabs/iscsi-tools"]);
        var other = Schematic.FromExtensions(["siderolabs/iscsi-tools", "siderolabs/tailscale"]);
        Assert.NotEqual(one.Id, other.Id);
        Assert.Equal(
            "customization:\n    systemExtensions:\n        officialExtensions:\n            - siderolabs/tailscale\n"
                + "            - siderolabs/iscsi-tools\n",
            one.Yaml
        );
        Assert.Equal(Tailscale, Schematic.FromExtensions([Schematic.TailscaleExtension]).Id);
        Assert.Equal(Tailscale, Schematic.FromExtensions([]).With(Schematic.TailscaleExtension).Id);
        Assert.Same(one, one.With(Schematic.TailscaleExtension));
    }

    [Fact]
    public void The_canonical_text_reads_back_as_itself()
    {
        var schematic = Schematic.Parse(
            """
            owner: me
            overlay:
              name: rpi_generic
              image: siderolabs/sbc-raspberrypi
              options: {configTxt: "dtparam=i2c_arm=on", b10: 1, b9: true, list: [a, "2"], none: null}
            customization:
              embeddedMachineConfiguration: |
                machine:
                  type: worker
              extraKernelArgs: ["-console", "a=b", "yes", "3", "x: y", "# no", "", "it's: it", "tab\there", "line\nbreak"]
              bootloader: sd-boot
              secureboot: {enrollKeys: force}
            """,
            "test"
        );
        Assert.Equal(schematic.Yaml, Schematic.Parse(schematic.Yaml, "again").Yaml);
        Assert.Contains(
            "    options:\n        b9: true\n        b10: 1\n        configTxt: dtparam=i2c_arm=on\n        list:\n"
                + "            - a\n            - \"2\"\n        none: null\n",
            schematic.Yaml,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "    embeddedMachineConfiguration: |\n        machine:\n          type: worker\n",
            schematic.Yaml,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "        - -console\n        - a=b\n        - 'yes'\n        - \"3\"\n        - 'x: y'\n        - '# no'\n        - \"\"\n"
                + "        - 'it''s: it'\n        - \"tab\\there\"\n        - |-\n            line\n            break\n",
            schematic.Yaml,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("customisation: {}", "'customisation' is unknown")]
    [InlineData("customization: {extensions: []}", "'extensions' is unknown")]
    [InlineData("customization:\n  systemExtensions:\n    official: [a]", "at line 3")]
    [InlineData("customization: []", "a mapping was expected")]
    [InlineData("customization: {extraKernelArgs: quiet}", "a list was expected")]
    [InlineData("customization: {meta: [{key: 256, value: x}]}", "a number up to 255 was expected")]
    [InlineData("customization: {bootloader: lilo}", "'lilo' was found")]
    [InlineData("customization: {secureboot: {includeWellKnownCertificates: perhaps}}", "true or false was expected")]
    [InlineData("customization: {}\n---\ncustomization: {}\n", "2 YAML documents")]
    public void What_the_factory_would_refuse_is_refused_here_with_its_line(string text, string expected)
    {
        var e = Assert.Throws<TsException>(() => Schematic.Parse(text, "my.yaml"));
        Assert.Equal("SchematicInvalid", e.ErrorId);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.Contains("'my.yaml'", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("customization: {")]
    [InlineData("a: &x [*x]")]
    [InlineData("customization: {}\ncustomization: {}\n")]
    public void What_is_not_plain_YAML_is_refused(string text) =>
        Assert.Equal("YamlMalformed", Assert.Throws<TsException>(() => Schematic.Parse(text, "my.yaml")).ErrorId);

    [Theory]
    [InlineData("tailscale")]
    [InlineData("siderolabs/")]
    [InlineData("siderolabs/tail scale")]
    [InlineData("Siderolabs/tailscale")]
    [InlineData("../etc/passwd")]
    public void A_name_that_is_no_extension_is_refused(string name) =>
        Assert.Equal(
            "ExtensionNameInvalid",
            Assert.Throws<TsException>(() => Schematic.FromExtensions([name])).ErrorId
        );

    [Theory]
    [InlineData("")]
    [InlineData("4a0d65c6")]
    [InlineData("4a0d65c669d46663f377e7161e50cfd570c401f26fd9e7bda34a0216b6f1922g")]
    public void An_id_of_another_form_is_refused(string id) =>
        Assert.Equal("SchematicIdInvalid", Assert.Throws<TsException>(() => SchematicId.Parse(id)).ErrorId);

    [Theory]
    [InlineData("", true)]
    [InlineData("true", true)]
    [InlineData("~", true)]
    [InlineData("0x1F", true)]
    [InlineData("0b11", true)]
    [InlineData("1_000", true)]
    [InlineData("1e3", true)]
    [InlineData(".5", true)]
    [InlineData("2026-02-06", true)]
    [InlineData("2026-02-06T12:00:00Z", true)]
    [InlineData("-.INF", true)]
    [InlineData("trueish", false)]
    [InlineData("v1.12.4", false)]
    [InlineData("1.2.3", false)]
    [InlineData("ttyS0,115200", false)]
    [InlineData("0x", false)]
    [InlineData("12:99", false)]
    public void Texts_that_read_as_another_type_are_quoted(string text, bool quoted) =>
        Assert.Equal(quoted ? $"\"{text}\"" : text, GoYaml.Text(text, 4));

    // go-yaml v4.0.0-rc.6 representer.go stringv; the id is one that the factory gave (tested with public vectors).
    [Theory]
    [InlineData("On")]
    [InlineData("y")]
    [InlineData("NO")]
    [InlineData("<<")]
    [InlineData("12:30")]
    public void Texts_that_YAML_1_1_read_otherwise_are_in_single_quotes(string text) =>
        Assert.Equal($"'{text}'", GoYaml.Text(text, 4));
}
