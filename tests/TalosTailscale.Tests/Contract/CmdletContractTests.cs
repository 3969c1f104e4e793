using System.Collections;
using System.Management.Automation;
using System.Reflection;
using System.Runtime.CompilerServices;
using TalosTailscale.Commands;

namespace TalosTailscale.Tests.Contract;

/// <summary>What users of PowerShell may expect of every cmdlet, held by reflection over the built module.</summary>
public sealed class CmdletContractTests
{
    private static readonly string[] s_changing =
    [
        "New",
        "Set",
        "Remove",
        "Restart",
        "Restore",
        "Update",
        "Invoke",
        "Save",
        "Install",
        "Repair",
        "Undo",
        "Export",
    ];

    public static TheoryData<string> Cmdlets => [.. Types.Keys];

    private static SortedDictionary<string, Type> Types { get; } = Find();

    private static SortedDictionary<string, Type> Find()
    {
        var found = new SortedDictionary<string, Type>(StringComparer.Ordinal);
        foreach (Type type in typeof(TsCmdlet).Assembly.GetExportedTypes())
            if (type.GetCustomAttribute<CmdletAttribute>() is { } cmdlet)
                found.Add($"{cmdlet.VerbName}-{cmdlet.NounName}", type);
        return found;
    }

    private static HashSet<string> ApprovedVerbs { get; } =
    [
        .. new[]
        {
            typeof(VerbsCommon),
            typeof(VerbsData),
            typeof(VerbsLifecycle),
            typeof(VerbsDiagnostic),
            typeof(VerbsCommunications),
            typeof(VerbsSecurity),
            typeof(VerbsOther),
        }
            .SelectMany(verbs => verbs.GetFields())
            .Select(field => (string)field.GetRawConstantValue()!),
    ];

    [Theory, MemberData(nameof(Cmdlets))]
    public void The_name_is_an_approved_verb_and_a_singular_noun(string name)
    {
        string[] parts = name.Split('-');
        Assert.Contains(parts[0], ApprovedVerbs);
        // "Address" and "Diagnosis" end as plurals do.
        bool plural =
            parts[1].EndsWith('s')
            && !parts[1].EndsWith("ss", StringComparison.Ordinal)
            && !parts[1].EndsWith("is", StringComparison.Ordinal);
        Assert.False(plural, $"'{parts[1]}' is a plural.");
        Assert.Equal($"{parts[0]}{parts[1]}Command", Types[name].Name);
    }

    [Theory, MemberData(nameof(Cmdlets))]
    public void It_is_sealed_and_says_what_it_gives(string name)
    {
        Assert.True(Types[name].IsSealed);
        Assert.NotEmpty(Types[name].GetCustomAttributes<OutputTypeAttribute>());
    }

    [Theory, MemberData(nameof(Cmdlets))]
    public void What_changes_something_can_be_asked_what_if(string name)
    {
        if (!s_changing.Contains(name.Split('-')[0]))
            return;
        Assert.True(Types[name].GetCustomAttribute<CmdletAttribute>()!.SupportsShouldProcess, "No ShouldProcess.");
    }

    [Theory, MemberData(nameof(Cmdlets))]
    public void No_parameter_takes_a_secret_as_plain_text(string name)
    {
        string[] secrets = ["Password", "Secret", "AuthKey", "ApiKey", "Token"];
        foreach (PropertyInfo parameter in Parameters(Types[name]))
            if (secrets.Any(secret => parameter.Name.EndsWith(secret, StringComparison.Ordinal)))
                Assert.NotEqual(typeof(string), parameter.PropertyType);
    }

    [Theory, MemberData(nameof(Cmdlets))]
    public void Each_parameter_set_takes_one_thing_from_the_pipeline(string name)
    {
        foreach (
            var set in Parameters(Types[name])
                .SelectMany(p =>
                    p.GetCustomAttributes<ParameterAttribute>()
                        .Where(a => a.ValueFromPipeline)
                        .Select(a => (a.ParameterSetName, p.Name, p.PropertyType))
                )
                .GroupBy(p => p.ParameterSetName)
        )
        {
            // Several are fine only when their types tell them apart.
            Assert.Equal(set.Count(), set.Select(p => p.PropertyType).Distinct().Count());
        }
    }

    [Theory, MemberData(nameof(Cmdlets))]
    public void Switches_are_switches(string name) =>
        Assert.All(Parameters(Types[name]), p => Assert.NotEqual(typeof(bool), p.PropertyType));

    // At the prompt for a parameter that was left out, !? shows it.
    [Theory, MemberData(nameof(Cmdlets))]
    public void What_is_asked_for_at_the_prompt_is_explained_there(string name)
    {
        foreach (PropertyInfo parameter in Parameters(Types[name]))
        {
            foreach (
                ParameterAttribute mandatory in parameter
                    .GetCustomAttributes<ParameterAttribute>()
                    .Where(a => a.Mandatory)
            )
            {
                Assert.False(
                    string.IsNullOrEmpty(mandatory.HelpMessage),
                    $"{name} -{parameter.Name} has no HelpMessage."
                );
                Assert.EndsWith(".", mandatory.HelpMessage, StringComparison.Ordinal);
                Assert.InRange(mandatory.HelpMessage!.Length, 15, 110);
            }
        }
    }

    // PowerShell finds an indexer only on public types: else $node.Manifests[0] is the whole list.
    [Fact]
    public void Lists_of_objects_can_be_indexed_in_a_script()
    {
        List<string> wrong = [];
        foreach (
            Type type in typeof(TsNode)
                .Assembly.GetExportedTypes()
                .Where(t => t.GetConstructor(Type.EmptyTypes) is not null)
        )
        {
            foreach (
                PropertyInfo property in type.GetProperties()
                    .Where(p =>
                        p.PropertyType.IsGenericType
                        && p.PropertyType.GetGenericTypeDefinition() == typeof(IReadOnlyList<>)
                        && p.SetMethod is not null
                    )
            )
            {
                object item = RuntimeHelpers.GetUninitializedObject(type);
                Type element = property.PropertyType.GetGenericArguments()[0];
                property.SetValue(item, Activator.CreateInstance(typeof(HiddenList<>).MakeGenericType(element)));
                if (!property.GetValue(item)!.GetType().IsArray)
                    wrong.Add($"{type.Name}.{property.Name}: init => field = PlainList.Of(value)");
            }
        }

        Assert.Empty(wrong);
    }

    private sealed class HiddenList<T> : IReadOnlyList<T>
    {
        public int Count => 0;

        T IReadOnlyList<T>.this[int index] => throw new ArgumentOutOfRangeException(nameof(index));

        public IEnumerator<T> GetEnumerator() => Enumerable.Empty<T>().GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    private static IEnumerable<PropertyInfo> Parameters(Type type) =>
        type.GetProperties().Where(p => p.GetCustomAttributes<ParameterAttribute>().Any());
}
