using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Reflection;
using TalosTailscale.Commands;

namespace TalosTailscale.Build.Help;

/// <summary>One parameter as it is in one parameter set.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Mandatory">Whether it has to be given.</param>
/// <param name="Position">Its position, or null.</param>
/// <param name="PipelineInput">How it takes the pipeline, in the words of Get-Help.</param>
public sealed record ModuleParameter(string Name, Type Type, bool Mandatory, int? Position, string PipelineInput);

/// <summary>A cmdlet as reflection sees it: what the help may not contradict.</summary>
public sealed class ModuleCmdlet
{
    private const string AllSets = ParameterAttribute.AllParameterSets;

    private ModuleCmdlet(Type type, CmdletAttribute cmdlet)
    {
        Type = type;
        Name = $"{cmdlet.VerbName}-{cmdlet.NounName}";
        var metadata = new CommandMetadata(type);
        Parameters = cmdlet.SupportsShouldProcess
            ? new Dictionary<string, ParameterMetadata>(
                metadata.Parameters.Concat(ParameterMetadata.GetParameterMetadata(typeof(ShouldProcessParameters)))
            )
            : metadata.Parameters;
        string[] names =
        [
            .. Parameters
                .Values.SelectMany(p => p.ParameterSets.Keys)
                .Where(set => set != AllSets)
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];
        if (names.Length == 0)
            names = [AllSets];
        Sets = [.. names.OrderByDescending(name => name == metadata.DefaultParameterSetName).Select(Set)];
    }

    /// <summary>All cmdlets of the module, by name.</summary>
    public static IReadOnlyList<ModuleCmdlet> All { get; } =
    [
        .. typeof(TsCmdlet)
            .Assembly.GetExportedTypes()
            .Select(type => (type, attribute: type.GetCustomAttribute<CmdletAttribute>()))
            .Where(found => found.attribute is not null)
            .Select(found => new ModuleCmdlet(found.type, found.attribute!))
            .OrderBy(cmdlet => cmdlet.Name, StringComparer.Ordinal),
    ];

    /// <summary>Verb-Noun.</summary>
    public string Name { get; }

    /// <summary>The class.</summary>
    public Type Type { get; }

    /// <summary>All parameters but the common ones.</summary>
    public IReadOnlyDictionary<string, ParameterMetadata> Parameters { get; }

    /// <summary>The parameter sets, the default one first.</summary>
    public IReadOnlyList<IReadOnlyList<ModuleParameter>> Sets { get; }

    /// <summary>The types that it says it writes.</summary>
    public IEnumerable<Type> Outputs =>
        Type.GetCustomAttributes<OutputTypeAttribute>().SelectMany(output => output.Type).Select(type => type.Type);

    /// <summary>The value that a parameter has when it is not given, as text; null for none.</summary>
    /// <param name="parameter">Its name.</param>
    public string? DefaultOf(string parameter)
    {
        if (Type.GetProperty(parameter) is not { } property)
            return null;
        using var instance = (IDisposable)Activator.CreateInstance(Type)!;
        return property.GetValue(instance) switch
        {
            null or "" or SwitchParameter => null,
            string text => text,
            IEnumerable list => list.Cast<object>().Select(value => value.ToString()).ToArray()
                is { Length: > 0 } values
                ? string.Join(", ", values)
                : null,
            Enum value
                when Convert.ToInt64(value, CultureInfo.InvariantCulture) == 0 && value.ToString() == "Unknown" => null,
            IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
            var value => value.ToString(),
        };
    }

    private IReadOnlyList<ModuleParameter> Set(string name) =>
        [
            .. Parameters
                .Values.Select(p =>
                    (p, set: p.ParameterSets.GetValueOrDefault(name) ?? p.ParameterSets.GetValueOrDefault(AllSets))
                )
                .Where(found => found.set is not null)
                .Select(found => new ModuleParameter(
                    found.p.Name,
                    found.p.ParameterType,
                    found.set!.IsMandatory,
                    found.set.Position >= 0 ? found.set.Position : null,
                    Pipeline(found.set)
                ))
                .OrderBy(p => p.Position ?? int.MaxValue)
                .ThenByDescending(p => p.Mandatory),
        ];

    private static string Pipeline(ParameterSetMetadata set) =>
        (set.ValueFromPipeline, set.ValueFromPipelineByPropertyName) switch
        {
            (true, true) => "True (ByValue, ByPropertyName)",
            (true, false) => "True (ByValue)",
            (false, true) => "True (ByPropertyName)",
            _ => "False",
        };

    // The engine adds these two by itself.
    private sealed class ShouldProcessParameters
    {
        [Parameter, Alias("wi")]
        public SwitchParameter WhatIf { get; set; }

        [Parameter, Alias("cf")]
        public SwitchParameter Confirm { get; set; }
    }
}
