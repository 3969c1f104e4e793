using System.ComponentModel;
using System.Management.Automation;

namespace TalosTailscale;

/// <summary>
/// Makes an object of the module again from what it becomes on its way through a job, Clixml, JSON or CSV: an object with
/// the same properties, whose values are texts, numbers and lists.
/// </summary>
/// <typeparam name="T">What is made.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class CopyConverter<T> : PSTypeConverter
    where T : class
{
    /// <summary>The object; null where the copy is of something else.</summary>
    private protected abstract T? Make(PSObject copy);

    /// <inheritdoc/>
    public override bool CanConvertFrom(object sourceValue, Type destinationType) =>
        destinationType == typeof(T) && sourceValue is PSObject copy && Make(copy) is not null;

    /// <inheritdoc/>
    public override object ConvertFrom(
        object sourceValue,
        Type destinationType,
        IFormatProvider formatProvider,
        bool ignoreCase
    ) =>
        sourceValue is PSObject copy && Make(copy) is { } made
            ? made
            : throw new InvalidCastException($"'{sourceValue}' is no copy of a {typeof(T).Name}.");

    /// <inheritdoc/>
    public override bool CanConvertTo(object sourceValue, Type destinationType) => false;

    /// <inheritdoc/>
    public override object ConvertTo(
        object sourceValue,
        Type destinationType,
        IFormatProvider formatProvider,
        bool ignoreCase
    ) => throw new NotSupportedException();

    /// <summary>Whether it can be a copy of one of these types: said to be one, or without a type of its own.</summary>
    private protected static bool IsCopy(PSObject source, params Type[] types) =>
        source.BaseObject is PSCustomObject
        && (
            types.Any(type => source.TypeNames.Contains("Deserialized." + type.FullName))
            || !source.TypeNames[0].StartsWith("Deserialized.", StringComparison.Ordinal)
        );

    /// <summary>A property as text; null where it is missing or empty.</summary>
    private protected static string? Text(PSObject copy, string name) =>
        copy.Properties[name]?.Value?.ToString() is { Length: > 0 } text ? text : null;

    /// <summary>A property as a value of an enum, from its name or its number; null where it is neither.</summary>
    private protected static TEnum? Value<TEnum>(PSObject copy, string name)
        where TEnum : struct, Enum =>
        Enum.TryParse(Text(copy, name), ignoreCase: true, out TEnum value) && Enum.IsDefined(value) ? value : null;
}
