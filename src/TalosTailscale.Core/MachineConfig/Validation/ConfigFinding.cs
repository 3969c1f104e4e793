using TalosTailscale.Core.MachineConfig.Yaml;

namespace TalosTailscale.Core.MachineConfig.Validation;

/// <summary>Something that Talos refuses.</summary>
/// <param name="Message">What was found and expected.</param>
/// <param name="Fix">What to do.</param>
/// <param name="Document">The document it is in.</param>
/// <param name="Node">Where; null where a key is missing.</param>
internal sealed record ConfigFinding(string Message, string Fix, string Document, YamlNode? Node);
