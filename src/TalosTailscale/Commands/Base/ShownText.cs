using System.Collections;
using System.Collections.Concurrent;
using System.Management.Automation;
using System.Reflection;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Commands;

/// <summary>
/// The one gate through which text comes to people: messages, questions, progress, completions, and every text in the
/// objects that cmdlets write. Whoever has sent a text, and in whatever room it was read, here control characters and marks
/// of direction become visible.
/// </summary>
internal static class ShownText
{
    private const int MaximumDepth = 64;
    private static readonly Assembly s_models = typeof(TsException).Assembly;
    private static readonly ConcurrentDictionary<Type, PropertyInfo[]> s_properties = new();
    private static readonly MethodInfo s_clone = typeof(object).GetMethod(
        nameof(MemberwiseClone),
        BindingFlags.Instance | BindingFlags.NonPublic
    )!;

    /// <summary>A message: without secrets too.</summary>
    public static string Of(string? text) => PrintableText.Clean(Redactor.Mask(text));

    /// <summary>An object as it is written: itself, or where a text in it is not fit to be seen, a copy.</summary>
    public static object Of(object value) => Clean(value, 0);

    private static object Clean(object value, int depth) =>
        value switch
        {
            string text => PrintableText.Clean(text),
            _ when depth == MaximumDepth => value,
            IReadOnlyDictionary<string, string> texts => Texts(texts),
            IReadOnlyDictionary<string, object?> values => Map(values, depth),
            PSObject { ImmediateBaseObject: PSCustomObject } custom => Custom(custom, depth),
            Array array => Items(array, array.GetType().GetElementType()!, depth),
            IList { IsFixedSize: false } list when list.GetType().IsGenericType => Items(
                list,
                list.GetType().GetGenericArguments()[0],
                depth
            ),
            _ when value.GetType() is var type && type.Assembly == s_models && type.IsClass => Model(value, depth),
            _ => value,
        };

    // Two names can become one: the last stays.
    private static object Texts(IReadOnlyDictionary<string, string> map)
    {
        if (map.All(e => PrintableText.IsClean(e.Key) && PrintableText.IsClean(e.Value)))
            return map;
        var copy = new Dictionary<string, string>(map.Count, StringComparer.Ordinal);
        foreach ((string key, string text) in map)
            copy[PrintableText.Clean(key)] = PrintableText.Clean(text);
        return copy;
    }

    private static object Map(IReadOnlyDictionary<string, object?> map, int depth)
    {
        bool same = true;
        var copy = new Dictionary<string, object?>(map.Count, StringComparer.Ordinal);
        foreach ((string key, object? value) in map)
        {
            string name = PrintableText.Clean(key);
            object? clean = value is null ? null : Clean(value, depth + 1);
            same &= ReferenceEquals(name, key) && ReferenceEquals(clean, value);
            copy[name] = clean;
        }

        return same ? map : copy;
    }

    private static PSObject Custom(PSObject custom, int depth)
    {
        bool same = true;
        var copy = new PSObject();
        foreach (PSPropertyInfo property in custom.Properties)
        {
            string name = PrintableText.Clean(property.Name);
            object? clean = property.Value is { } value ? Clean(value, depth + 1) : null;
            same &=
                ReferenceEquals(name, property.Name)
                && (ReferenceEquals(clean, property.Value) || clean?.Equals(property.Value) == true);
            copy.Properties.Add(new PSNoteProperty(name, clean));
        }

        return same ? custom : copy;
    }

    private static object Items(IList list, Type element, int depth)
    {
        if (element.IsValueType)
            return list;
        IList? copy = null;
        for (int i = 0; i < list.Count; i++)
        {
            if (list[i] is not { } item || Clean(item, depth + 1) is var clean && ReferenceEquals(clean, item))
                continue;
            if (copy is null)
            {
                copy = Array.CreateInstance(element, list.Count);
                list.CopyTo((Array)copy, 0);
            }

            copy[i] = clean;
        }

        return copy is null || list is Array ? copy ?? list : Activator.CreateInstance(list.GetType(), copy)!;
    }

    private static object Model(object model, int depth)
    {
        object? copy = null;
        foreach (PropertyInfo property in s_properties.GetOrAdd(model.GetType(), PropertiesOf))
        {
            if (
                property.GetValue(model) is not { } value
                || Clean(value, depth + 1) is var clean && ReferenceEquals(clean, value)
            )
                continue;
            property.SetValue(copy ??= s_clone.Invoke(model, null)!, clean);
        }

        return copy ?? model;
    }

    private static PropertyInfo[] PropertiesOf(Type type) =>
        [
            .. type.GetProperties(BindingFlags.Instance | BindingFlags.Public)
                .Where(p =>
                    p is { CanRead: true, SetMethod: not null }
                    && p.GetIndexParameters().Length == 0
                    && !p.PropertyType.IsValueType
                ),
        ];
}
