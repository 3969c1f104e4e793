using System.Globalization;

namespace TalosTailscale.Core.Talos;

/// <summary>Reads keys of a resource's content without trusting that they are there or of the right kind.</summary>
internal readonly struct SpecReader(object? value)
{
    private readonly IReadOnlyDictionary<string, object?>? _map = value as IReadOnlyDictionary<string, object?>;

    internal SpecReader Child(string key) => new(Get(key));

    internal object? Get(string key) => _map is not null && _map.TryGetValue(key, out object? found) ? found : null;

    internal string Text(string key) => AsText(Get(key));

    internal bool Truth(string key) => Get(key) is true;

    internal bool? MaybeTruth(string key) => Get(key) as bool?;

    internal long Number(string key) =>
        Get(key) switch
        {
            long number => number,
            ulong number => (long)Math.Min(number, long.MaxValue),
            double number => (long)number,
            string text when long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out long number) =>
                number,
            _ => 0,
        };

    internal IReadOnlyList<string> Texts(string key) =>
        Get(key) is IReadOnlyList<object?> list ? [.. list.Select(AsText)] : [];

    internal IReadOnlyList<SpecReader> Children(string key) =>
        Get(key) is IReadOnlyList<object?> list ? [.. list.Select(item => new SpecReader(item))] : [];

    private static string AsText(object? value) =>
        value switch
        {
            null => "",
            string text => text,
            bool truth => truth ? "true" : "false",
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => "",
        };
}
