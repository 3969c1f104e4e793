using System.Reflection;
using System.Text.RegularExpressions;
using TalosTailscale.Commands;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Contract;

/// <summary>The shape of the house: which room may know which, and whose types may be seen from outside.</summary>
public sealed partial class ArchitectureTests
{
    // A room knows only those after it.
    private static readonly string[] s_rooms =
    [
        "Rollout",
        "Validation",
        "Boot",
        "Kubernetes",
        "Talos",
        "ImageFactory",
        "Tailnet",
        "MachineConfig",
        "Images",
        "Inventory",
        "Reporting",
    ];

    [Fact]
    public void Arrows_between_rooms_point_down_only()
    {
        string core = Path.Combine(Repository.Root, "src", "TalosTailscale.Core");
        List<string> wrong = [];
        foreach (string file in Sources(core))
        {
            string room = Path.GetRelativePath(core, file).Split(Path.DirectorySeparatorChar)[0];
            int at = Array.IndexOf(s_rooms, room);
            Assert.True(at >= 0, $"'{file}' is in no room.");
            foreach (Match used in RoomName().Matches(File.ReadAllText(file)))
            {
                int other = Array.IndexOf(s_rooms, used.Groups[1].Value);
                if (other >= 0 && other < at)
                    wrong.Add($"{room}/{Path.GetFileName(file)} knows {used.Groups[1].Value}");
            }
        }

        Assert.Empty(wrong.Distinct());
    }

    [Fact]
    public void The_core_knows_no_PowerShell() =>
        Assert.DoesNotContain(typeof(IReporter).Assembly.GetReferencedAssemblies(), name =>
            name.Name == "System.Management.Automation"
        );

    [Fact]
    public void No_type_of_a_dependency_is_in_a_public_signature()
    {
        List<string> wrong = [];
        foreach (
            Assembly assembly in new[]
            {
                typeof(TsNode).Assembly,
                typeof(IReporter).Assembly,
                typeof(TsCmdlet).Assembly,
            }
        )
        foreach (Type type in assembly.GetExportedTypes())
        foreach (Type used in Signature(type))
            if (!Allowed(used))
                wrong.Add($"{type.FullName}: {used.FullName}");
        Assert.Empty(wrong.Distinct());
    }

    [Fact]
    public void Every_public_type_is_documented()
    {
        List<string> wrong = [];
        foreach (
            Assembly assembly in new[]
            {
                typeof(TsNode).Assembly,
                typeof(IReporter).Assembly,
                typeof(TsCmdlet).Assembly,
            }
        )
        {
            string text = File.ReadAllText(Path.ChangeExtension(assembly.Location, ".xml"));
            wrong.AddRange(
                assembly
                    .GetExportedTypes()
                    .Select(type => type.FullName!.Replace('+', '.'))
                    .Where(name => !text.Contains($"\"T:{name}\"", StringComparison.Ordinal))
            );
        }

        Assert.Empty(wrong);
    }

    private static IEnumerable<Type> Signature(Type type)
    {
        const BindingFlags declared =
            BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        if (type.BaseType is { } parent)
            yield return parent;
        foreach (Type face in type.GetInterfaces())
            yield return face;
        foreach (FieldInfo field in type.GetFields(declared))
            yield return field.FieldType;
        foreach (
            MethodBase method in type.GetMethods(declared).Cast<MethodBase>().Concat(type.GetConstructors(declared))
        )
        {
            foreach (ParameterInfo parameter in method.GetParameters())
                yield return parameter.ParameterType;
            if (method is MethodInfo info)
                yield return info.ReturnType;
        }
    }

    private static bool Allowed(Type type)
    {
        if (type.HasElementType)
            return Allowed(type.GetElementType()!);
        if (type.IsGenericType && !type.GetGenericArguments().All(Allowed))
            return false;
        if (type.IsGenericParameter)
            return true;
        string assembly = type.Assembly.GetName().Name!;
        return assembly.StartsWith("System.", StringComparison.Ordinal)
            || assembly.StartsWith("TalosTailscale", StringComparison.Ordinal)
            || assembly is "netstandard" or "mscorlib";
    }

    private static IEnumerable<string> Sources(string folder, string kind = "*.cs") =>
        Directory
            .EnumerateFiles(folder, kind, SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"));

    [GeneratedRegex(@"\bTalosTailscale\.Core\.([A-Za-z]+)")]
    private static partial Regex RoomName();
}
