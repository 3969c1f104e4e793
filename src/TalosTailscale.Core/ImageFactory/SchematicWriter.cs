using System.Globalization;
using System.Text;
using TalosTailscale.Core.Inventory;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>
/// Writes a schematic as the factory stores it: Go's encoder with four columns per level, the order of fields of
/// <c>pkg/schematic</c>, empty ones left out but <c>customization</c>, the keys of overlay options sorted.
/// </summary>
internal sealed class SchematicWriter(string name)
{
    private const int Step = 4;
    private readonly StringBuilder _text = new();

    public string Write(SchematicDocument d)
    {
        TextField(0, "owner", d.Owner);
        Overlay(d);
        var start = _text.Length;
        TextField(Step, "embeddedMachineConfiguration", d.EmbeddedMachineConfiguration);
        List(Step, "extraKernelArgs", d.ExtraKernelArgs);
        if (d.Meta.Count > 0)
            Line(Step, "meta:");
        foreach (var (key, value) in d.Meta)
        {
            Line(2 * Step, string.Create(CultureInfo.InvariantCulture, $"- key: {key}"));
            Line((2 * Step) + 2, "value: " + GoYaml.Text(value, (3 * Step) + 2));
        }

        if (d.OfficialExtensions.Count > 0)
            Line(Step, "systemExtensions:");
        List(2 * Step, "officialExtensions", d.OfficialExtensions);
        // "none" is the zero value of the factory's enumeration.
        TextField(Step, "bootloader", d.Bootloader == "none" ? "" : d.Bootloader);
        if (d.EnrollKeys.Length > 0 || d.IncludeWellKnownCertificates)
            Line(Step, "secureboot:");
        TextField(2 * Step, "enrollKeys", d.EnrollKeys);
        if (d.IncludeWellKnownCertificates)
            Line(2 * Step, "includeWellKnownCertificates: true");
        if (d.SectorSize > 0)
        {
            Line(Step, "diskImage:");
            Line(2 * Step, string.Create(CultureInfo.InvariantCulture, $"sectorSize: {d.SectorSize}"));
        }

        _text.Insert(start, _text.Length == start ? "customization: {}\n" : "customization:\n");
        return _text.ToString();
    }

    private void Overlay(SchematicDocument d)
    {
        if (d is { OverlayImage: "", OverlayName: "", OverlayOptions: null })
            return;
        Line(0, "overlay:");
        Line(Step, "image: " + GoYaml.Text(d.OverlayImage, 2 * Step));
        Line(Step, "name: " + GoYaml.Text(d.OverlayName, 2 * Step));
        if (d.OverlayOptions is not { Entries.Count: > 0 } options)
            return;
        Line(Step, "options:");
        Entries(options, 2 * Step);
    }

    private void Entries(YamlMapping mapping, int indent)
    {
        foreach (var (key, value) in mapping.Entries.OrderBy(e => e.Key.Text, GoYamlKeyOrder.Instance))
            Value(indent, GoYaml.Text(key.Text, indent) + ":", value);
    }

    private void Value(int indent, string prefix, YamlValue value)
    {
        switch (value)
        {
            case YamlScalar scalar:
                Line(indent, $"{prefix} {Scalar(scalar, indent + Step)}");
                break;
            case YamlSequence { Items.Count: 0 }:
                Line(indent, prefix + " []");
                break;
            case YamlMapping { Entries.Count: 0 }:
                Line(indent, prefix + " {}");
                break;
            case YamlSequence sequence:
                Line(indent, prefix);
                foreach (var item in sequence.Items)
                    Item(indent + Step, item);
                break;
            case YamlMapping mapping:
                Line(indent, prefix);
                Entries(mapping, indent + Step);
                break;
        }
    }

    private void Item(int indent, YamlValue item)
    {
        if (item is not YamlScalar scalar)
            throw Invalid(item, "lists of lists or mappings in overlay options are not supported");
        Line(indent, "- " + Scalar(scalar, indent + Step));
    }

    // Quoted scalars are strings. Plain ones that read as another type are kept only where their text is the one form
    // that Go's encoder writes.
    private string Scalar(YamlScalar scalar, int indent)
    {
        if (
            !scalar.Plain
            || !GoYaml.IsOtherType(scalar.Text)
            || scalar.Text is "y" or "Y" or "n" or "N" or "yes" or "no" or "on" or "off"
        )
            return GoYaml.Text(scalar.Text, indent);
        if (scalar.IsNull)
            return "null";
        if (scalar.Text is "true" or "True" or "TRUE")
            return "true";
        if (scalar.Text is "false" or "False" or "FALSE")
            return "false";
        return
            long.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number.ToString(CultureInfo.InvariantCulture) == scalar.Text
            ? scalar.Text
            : throw Invalid(scalar, $"the value '{scalar.Text}' has more than one notation; put it in quotes");
    }

    private void TextField(int indent, string key, string value)
    {
        if (value.Length > 0)
            Line(indent, $"{key}: {GoYaml.Text(value, indent + Step)}");
    }

    private void List(int indent, string key, IReadOnlyList<string> values)
    {
        if (values.Count == 0)
            return;
        Line(indent, key + ":");
        foreach (var value in values)
            Line(indent + Step, "- " + GoYaml.Text(value, indent + (2 * Step)));
    }

    private void Line(int indent, string text) => _text.Append(' ', indent).Append(text).Append('\n');

    private TsException Invalid(YamlValue at, string what) =>
        ImageFactoryErrors.SchematicInvalid.New($"'{name}' is not a schematic at line {at.Line}: {what}.", name);
}
